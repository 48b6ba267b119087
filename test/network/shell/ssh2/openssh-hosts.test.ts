import { type ChildProcess, execFile, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { SshOptions } from '../../../../src/network/shell/ssh-options.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { type SshdHostOptions, startSshdFarm } from '../../../helpers/sshd-farm.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { sshdTest } from '../../../helpers/tiers.js';
import { waitFor } from '../../../helpers/wait-for.js';
import { makeKey } from './host-keys.js';
import { faultOf } from './ssh-hosts.js';

const run = promisify(execFile);

async function startFarm(t: ExecutionContext, hosts: Readonly<Record<string, SshdHostOptions>>) {
  const farm = await startSshdFarm(hosts);
  t.teardown(() => farm.close());
  const directory = await tempDir(t);
  /** A shell for one host; `extra` lines of ssh_config come first and so win. */
  const shell = async (name: string, extra = '', options: SshOptions = {}) => {
    const configFile = join(directory, `config${Math.random()}`);
    await writeFile(configFile, `${extra}\n${await readFile(farm.sshConfig, 'utf8')}`);
    const ssh = createSsh2Shell({ kind: 'ssh', address: name }, { configFile, ...options });
    t.teardown(() => ssh.close());
    return ssh;
  };
  const [first] = farm.hosts;
  if (first === undefined) throw new Error('no host');
  return { farm, first, directory, shell };
}

for (const sessions of [10, 1]) {
  sshdTest(
    `with MaxSessions ${sessions} hundreds of commands, files and a standing channel meet no refusal`,
    async (t) => {
      const { shell, directory } = await startFarm(t, { lab: { config: [`MaxSessions ${sessions}`] } });
      const ssh = await shell('lab');
      await ssh.open();
      const standing = await ssh.start('cat');
      const file = join(directory, 'file');
      const content = randomBytes(2_000_000);
      await writeFile(file, content);
      const count = sessions === 1 ? 200 : 1000;
      const runs = Array.from({ length: count }, async (_, n) => (await ssh.run(`exit ${n % 256}`)).code);
      const copies = Array.from({ length: 20 }, (_, n) => ssh.putFile(file, `up${n}`));
      t.deepEqual(
        await Promise.all(runs),
        Array.from({ length: count }, (_, n) => n % 256),
      );
      await Promise.all(copies);
      await ssh.getFile('up7', `${file}.back`, content.length);
      t.true((await readFile(`${file}.back`)).equals(content));
      standing.stdin.end('bye\n');
      t.is((await standing.ended).code, 0);
    },
  );
}

sshdTest('with MaxStartups 2:100:2 twenty controllers of their own all get in', async (t) => {
  const { farm } = await startFarm(t, { lab: { config: ['MaxStartups 2:100:2', 'MaxSessions 10'] } });
  const program = new URL('./login-child.js', import.meta.url).pathname;
  const children = Array.from({ length: 20 }, () => fork(program, [farm.sshConfig, 'lab']));
  t.teardown(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const exit = async (child: ChildProcess) => (await once(child, 'exit'))[0];
  t.deepEqual(
    await Promise.all(children.map(exit)),
    Array.from({ length: 20 }, () => 0),
  );
});

sshdTest('one refused login is all that sshd ever sees of it', async (t) => {
  const { first, directory } = await startFarm(t, { lab: {} });
  const key = join(directory, 'other');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const configFile = join(directory, 'wrong');
  const { address, port, user } = first;
  await writeFile(configFile, `IdentityAgent none\nUserKnownHostsFile ${join(directory, 'known')}\n`);
  const options = { configFile };
  const destination = { kind: 'ssh', address, port, user, identity: key } as const;
  const shells = Array.from({ length: 3 }, () => createSsh2Shell(destination, options));
  for (const wrong of shells) t.is((await faultOf(t, wrong.open())).code, 'E_AUTH');
  const refused = async () => (await first.log()).match(/Failed publickey/g)?.length;
  await waitFor(refused, { what: 'the log of sshd' });
  t.is(await refused(), 1);
});

sshdTest('the key is found in an agent that holds eight, and in an encrypted file', async (t) => {
  const { farm, first, directory, shell } = await startFarm(t, { lab: {} });
  const socket = join(directory, 'agent');
  const agent = run('ssh-agent', ['-D', '-a', socket]);
  t.teardown(async () => {
    agent.child.kill();
    await agent.catch(() => {});
  });
  await waitFor(() =>
    run('ssh-add', ['-l'], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).then(
      () => true,
      (error: { code: number }) => error.code === 1,
    ),
  );
  const add = (key: string) =>
    run('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  for (let n = 0; n < 7; n++) {
    const key = join(directory, `key${n}`);
    await run('ssh-keygen', ['-q', '-t', n % 2 ? 'rsa' : 'ed25519', '-N', '', '-f', key]);
    await add(key);
  }
  await add(farm.identity);
  const common = `Host lab\n  UserKnownHostsFile ${farm.knownHosts}\n  HostName ${first.address}\n  Port ${first.port}\n  User ${first.user}\n`;
  const configFile = join(directory, 'agent_config');
  await writeFile(configFile, `${common}  IdentityAgent ${socket}\n  IdentityFile ${farm.identity}\n`);
  const held = createSsh2Shell({ kind: 'ssh', address: 'lab' }, { configFile });
  t.teardown(() => held.close());
  await held.open();
  const locked = join(directory, 'locked');
  await run('cp', [farm.identity, locked]);
  await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', locked]);
  await writeFile(configFile, `${common}  IdentityAgent none\n  IdentityFile ${locked}\n`);
  let asked = 0;
  const prompt = async () => (asked++ === 0 ? 'secret' : 'wrong');
  for (let n = 0; n < 2; n++) {
    const ssh = createSsh2Shell({ kind: 'ssh', address: 'lab' }, { configFile, prompt });
    t.teardown(() => ssh.close());
    await ssh.open();
  }
  t.is(asked, 1);
  await t.notThrowsAsync((await shell('lab')).open());
});

sshdTest('an RSA key logs in with a SHA-2 signature, and never with SHA-1', async (t) => {
  const { farm, first, directory } = await startFarm(t, {
    lab: {},
    old: { config: ['PubkeyAcceptedAlgorithms ssh-rsa,ssh-ed25519'] },
  });
  const key = join(directory, 'rsa');
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', key]);
  await appendFile(`${farm.identity}.pub`, await readFile(`${key}.pub`));
  const configFile = join(directory, 'rsa_config');
  await writeFile(configFile, `UserKnownHostsFile ${farm.knownHosts}\nIdentityAgent none\n`);
  const at = ({ address, port, user }: typeof first) =>
    createSsh2Shell({ kind: 'ssh', address, port, user, identity: key }, { configFile });
  const ssh = at(first);
  t.teardown(() => ssh.close());
  await ssh.open();
  t.is((await ssh.run('exit 3')).code, 3);
  const old = farm.hosts[1];
  const error = await faultOf(t, at(old ?? first).open());
  t.true(['E_AUTH', 'E_KEX'].includes(error.code), error.message);
  t.notRegex((await old?.log()) ?? '', /Accepted publickey/);
});

sshdTest('a host behind a jump host is reached, and the key of each is checked', async (t) => {
  const { farm, shell } = await startFarm(t, { gate: {}, inner: { config: ['MaxSessions 2'] } });
  const ssh = await shell('inner', 'Host inner\n  ProxyJump gate');
  await ssh.open();
  t.is(`${farm.hosts[1]?.user}`, (await ssh.run('id -un')).stdout.toString().trim());
  const [gate] = farm.hosts;
  const lines = (await readFile(farm.knownHosts, 'utf8'))
    .split('\n')
    .filter((line) => !line.includes(`:${gate?.port} `));
  await writeFile(
    farm.knownHosts,
    [...lines, `[${gate?.address}]:${gate?.port} ${makeKey('ssh-ed25519')}`, ''].join('\n'),
  );
  const changed = await shell('inner', 'Host inner\n  ProxyJump gate');
  t.is((await faultOf(t, changed.open())).code, 'E_HOSTKEY_CHANGED');
});

sshdTest('a server without a common key exchange is told with what it offers', async (t) => {
  const { shell } = await startFarm(t, {
    lab: { config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] },
  });
  const error = await faultOf(t, (await shell('lab')).open());
  t.is(error.code, 'E_KEX');
  t.regex(error.message, /the server offers key exchange sntrup761x25519/);
});

sshdTest('rekeying in the middle of a copy changes nothing', async (t) => {
  const { shell, directory } = await startFarm(t, { lab: { config: ['RekeyLimit 1M'] } });
  const ssh = await shell('lab');
  await ssh.open();
  const file = join(directory, 'file');
  const content = randomBytes(12_000_000);
  await writeFile(file, content);
  await ssh.putFile(file, 'up');
  await ssh.getFile('up', `${file}.back`, content.length);
  t.true((await readFile(`${file}.back`)).equals(content));
});

sshdTest('login files that print spoil neither commands nor their input', async (t) => {
  const { shell } = await startFarm(t, {
    lab: { loginFiles: { '.bashrc': 'echo WELCOME; echo noise >&2\n' } },
  });
  const ssh = await shell('lab');
  await ssh.open();
  const { stdout, code } = await ssh.run('cat; exit 3', { input: 'data\n' });
  t.deepEqual([stdout.toString(), code], ['data\n', 3]);
});

sshdTest('login files that print into the SFTP channel are found out', async (t) => {
  const { shell, directory } = await startFarm(t, {
    lab: {
      noSftp: true,
      config: ['Subsystem sftp /usr/lib/openssh/sftp-server'],
      loginFiles: { '.bashrc': 'echo WELCOME\n' },
    },
  });
  const ssh = await shell('lab');
  await ssh.open();
  const file = join(directory, 'file');
  await writeFile(file, 'x');
  const error = await faultOf(t, ssh.putFile(file, 'up'));
  t.is(error.code, 'E_NO_SFTP');
  t.regex(error.message, /WELC/);
});
