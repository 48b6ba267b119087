import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GpoolError } from '../../../../src/errors.js';
import { createOpensshShell } from '../../../../src/network/shell/openssh/openssh-shell.js';
import type { SshOptions } from '../../../../src/network/shell/ssh-options.js';
import type { EmbeddedHost } from '../../../../src/testing/embedded-host.js';
import {
  type EmbeddedPool,
  type EmbeddedPoolOptions,
  startEmbeddedHosts,
} from '../../../../src/testing/embedded-hosts.js';
import { generateKey } from '../../../../src/testing/generate-key.js';
import { packageRoot } from '../../../helpers/package-root.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { sshdTest } from '../../../helpers/tiers.js';
import { waitFor } from '../../../helpers/wait-for.js';

async function start(
  t: ExecutionContext,
  options: EmbeddedPoolOptions = {},
): Promise<[EmbeddedPool, EmbeddedHost]> {
  const pool = await startEmbeddedHosts(options);
  t.teardown(() => pool.close());
  const [host] = pool.hosts;
  if (host === undefined) throw new Error('the pool has no host');
  return [pool, host];
}

/** Opens and answers the code of the error, or what the host is called to itself. */
async function tryOpen(
  t: ExecutionContext,
  options: SshOptions,
  address = 'host1',
  port?: number,
): Promise<string> {
  const shell = createOpensshShell({ kind: 'ssh', address, ...(port ? { port } : {}) }, options);
  t.teardown(() => shell.close());
  try {
    await shell.open();
    return (await shell.run('printf open')).stdout.toString();
  } catch (error) {
    if (error instanceof GpoolError) return error.code;
    throw error;
  }
}

sshdTest('secrets that ssh asks for come from the prompt, once', async (t) => {
  const questions = [{ prompt: 'Code: ', answer: '42' }];
  const [{ sshConfig }] = await start(t, { publicKey: false, questions });
  const asked: string[] = [];
  const prompt =
    (answer: string) =>
    async ({ text }: { text: string }) => {
      asked.push(text);
      return answer;
    };
  t.is(await tryOpen(t, { configFile: sshConfig, prompt: prompt('42') }), 'open');
  t.is(await tryOpen(t, { configFile: sshConfig, prompt: prompt('43') }), 'E_AUTH');
  t.is(await tryOpen(t, { configFile: sshConfig }), 'E_AUTH');
  t.is(asked.length, 2);
  t.regex(asked[0] ?? '', /Code:/);
});

sshdTest(
  'host keys: unknown ones are learnt or refused by policy, changed and revoked ones refused',
  async (t) => {
    const [{ sshConfig, knownHosts }, host] = await start(t);
    const place = `[${host.address}]:${host.port}`;
    await writeFile(knownHosts, '');
    t.is(await tryOpen(t, { configFile: sshConfig, hostKeyPolicy: 'strict' }), 'E_HOSTKEY_UNKNOWN');
    t.is(host.loginAttempts, 0);
    t.is(await tryOpen(t, { configFile: sshConfig }), 'open');
    t.true((await readFile(knownHosts, 'utf8')).includes(host.publicKey));
    t.is(await tryOpen(t, { configFile: sshConfig, hostKeyPolicy: 'strict' }), 'open');
    await writeFile(knownHosts, `${place} ${generateKey().publicKey}\n`);
    t.is(await tryOpen(t, { configFile: sshConfig }), 'E_HOSTKEY_CHANGED');
    await writeFile(knownHosts, `@revoked ${place} ${host.publicKey}\n`);
    t.is(await tryOpen(t, { configFile: sshConfig }), 'E_HOSTKEY_REVOKED');
  },
);

sshdTest('each way not to get in has its code', async (t) => {
  const [{ sshConfig }] = await start(t, { faults: { refuseAuth: true } });
  const web = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const silent = createServer((socket) => socket.on('error', () => {}));
  const portOf = async (server: typeof web) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => void server.close());
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const closed = createServer();
  const closedPort = await portOf(closed);
  closed.close();
  const alone = { configFile: 'none', connectTimeoutMs: 1000 };
  t.is(await tryOpen(t, { configFile: sshConfig }), 'E_AUTH');
  t.is(await tryOpen(t, alone, '127.0.0.1', closedPort), 'E_CONN_REFUSED');
  t.is(await tryOpen(t, alone, 'no-such-host.invalid'), 'E_DNS');
  t.is(await tryOpen(t, alone, '127.0.0.1', await portOf(web)), 'E_NOT_SSH');
  t.is(await tryOpen(t, alone, '127.0.0.1', await portOf(silent)), 'E_CONN_TIMEOUT');
  t.is(await tryOpen(t, { configFile: '/no/such/config' }), 'E_SSH_CONFIG');
});

sshdTest('a jump host is checked by the same policy', async (t) => {
  const [{ sshConfig, knownHosts }] = await start(t, { names: ['gate', 'inner'] });
  const text = await readFile(sshConfig, 'utf8');
  await writeFile(sshConfig, text.replace('Host inner\n', 'Host inner\n  ProxyJump gate\n'));
  t.is(await tryOpen(t, { configFile: sshConfig, hostKeyPolicy: 'strict' }, 'inner'), 'open');
  const lines = (await readFile(knownHosts, 'utf8')).split('\n');
  await writeFile(knownHosts, lines.slice(1).join('\n'));
  t.not(await tryOpen(t, { configFile: sshConfig, hostKeyPolicy: 'strict' }, 'inner'), 'open');
  t.is(await tryOpen(t, { configFile: sshConfig }, 'inner'), 'open');
});

sshdTest('a machine without ssh is told so', async (t) => {
  const module = join(packageRootBuild(), 'src/network/shell/openssh/openssh-shell.js');
  const code = `import { createOpensshShell } from ${JSON.stringify(module)};
    await createOpensshShell({ kind: 'ssh', address: 'x' }, {}).open().catch((error) => console.log(error.code));`;
  const stdout = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      ['--input-type=module', '-e', code],
      { env: { PATH: '/nowhere' } },
      (error, out) => (error ? reject(error) : resolve(out)),
    ),
  );
  t.is(stdout, 'E_NO_SSH_CLIENT\n');
});

sshdTest('a connection does not outlive the process that made it, however that ends', async (t) => {
  const [{ sshConfig }, host] = await start(t);
  const module = join(packageRootBuild(), 'src/network/shell/openssh/openssh-shell.js');
  const code = `import { createOpensshShell } from ${JSON.stringify(module)};
    const shell = createOpensshShell({ kind: 'ssh', address: 'host1' }, { configFile: ${JSON.stringify(sshConfig)} });
    await shell.open(); console.log('open'); await shell.run('sleep 1000');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, TMPDIR: await tempDir(t) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  t.is(host.connections, 1);
  child.kill('SIGKILL');
  await waitFor(() => host.connections === 0, { what: 'the connection to end' });
});

/** The build that this test is part of. */
function packageRootBuild(): string {
  const path = new URL(import.meta.url).pathname;
  return path.slice(0, path.indexOf('/test/', packageRoot().length));
}

test.serial('a shell that was never opened says that there is no connection', async (t) => {
  const shell = createOpensshShell({ kind: 'ssh', address: 'nowhere' });
  await t.throwsAsync(shell.run('true'), { code: 'E_CONN_LOST' });
  await shell.close();
});
