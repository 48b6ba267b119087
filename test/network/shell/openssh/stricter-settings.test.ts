import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { GpoolError } from '../../../../src/errors.js';
import { createOpensshShell } from '../../../../src/network/shell/openssh/openssh-shell.js';
import type { SshOptions } from '../../../../src/network/shell/ssh-options.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { startEmbeddedHosts } from '../../../../src/testing/embedded-hosts.js';
import { generateKey } from '../../../../src/testing/generate-key.js';
import { SSHD } from '../../../helpers/sshd-farm.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { sshdTest } from '../../../helpers/tiers.js';

const run = promisify(execFile);
const TRANSPORTS = { openssh: createOpensshShell, ssh2: createSsh2Shell };

async function tryOpen(
  transport: keyof typeof TRANSPORTS,
  address: string,
  options: SshOptions,
): Promise<string> {
  const shell = TRANSPORTS[transport]({ kind: 'ssh', address }, options);
  try {
    await shell.open();
    return 'open';
  } catch (error) {
    if (error instanceof GpoolError) return error.code;
    throw error;
  } finally {
    await shell.close();
  }
}

/** An embedded host that known_hosts does not list, and a function that adds lines to its ssh_config. */
async function startUnknown(t: ExecutionContext, names = ['host1']) {
  const pool = await startEmbeddedHosts({ names });
  t.teardown(() => pool.close());
  await writeFile(pool.knownHosts, '');
  const text = await readFile(pool.sshConfig, 'utf8');
  const write = (front: string) => writeFile(pool.sshConfig, `${front}\n${text}`);
  return { ...pool, text, write, known: () => readFile(pool.knownHosts, 'utf8') };
}

type Row = readonly [setting: string, openssh: string, ssh2: string];

/** What each setting of the user makes of a host that nobody knows. */
const UNKNOWN_HOST: readonly Row[] = [
  ['StrictHostKeyChecking yes', 'E_HOSTKEY_UNKNOWN', 'E_HOSTKEY_UNKNOWN'],
  ['StrictHostKeyChecking ask', 'E_HOSTKEY_UNKNOWN', 'E_HOSTKEY_UNKNOWN'],
  ['Match exec true\n  StrictHostKeyChecking yes\nMatch all', 'E_HOSTKEY_UNKNOWN', 'E_HOSTKEY_UNKNOWN'],
  ['StrictHostKeyChecking no', 'open', 'open'],
  ['StrictHostKeyChecking accept-new', 'open', 'open'],
  ['# nothing', 'open', 'open'],
  ['HostKeyAlgorithms rsa-sha2-512', 'E_KEX', 'E_KEX'],
  ['KexAlgorithms sntrup761x25519-sha512@openssh.com', 'E_KEX', 'E_KEX'],
  ['Ciphers chacha20-poly1305@openssh.com', 'open', 'E_KEX'],
  ['PubkeyAuthentication no', 'E_AUTH', 'E_AUTH'],
  ['PreferredAuthentications password', 'E_AUTH', 'E_AUTH'],
];

for (const [setting, openssh, ssh2] of UNKNOWN_HOST) {
  sshdTest(`the user's ${setting.split('\n').join(';')} holds on both transports`, async (t) => {
    for (const [transport, expected] of [
      ['openssh', openssh],
      ['ssh2', ssh2],
    ] as const) {
      const { write, sshConfig, known } = await startUnknown(t);
      await write(setting);
      t.is(await tryOpen(transport, 'host1', { configFile: sshConfig }), expected, transport);
      if (expected === 'E_HOSTKEY_UNKNOWN') t.is(await known(), '', transport);
    }
  });
}

sshdTest("a user's `no` lets no changed key in, on the host or on the way to it", async (t) => {
  const { write, text, sshConfig, knownHosts, hosts } = await startUnknown(t, ['gate', 'inner']);
  const through = text.replace('Host inner\n', 'Host inner\n  ProxyJump gate\n');
  const places = hosts.map(({ address, port }) => `[${address}]:${port}`);
  await writeFile(sshConfig, `StrictHostKeyChecking no\n${through}`);
  for (const place of places) {
    const wrong = `${place} ${generateKey().publicKey}\n`;
    await writeFile(knownHosts, wrong);
    t.not(await tryOpen('openssh', 'inner', { configFile: sshConfig }), 'open');
    await writeFile(knownHosts, wrong);
    t.not(await tryOpen('ssh2', 'inner', { configFile: sshConfig }), 'open');
  }
  await write('');
});

sshdTest("a jump host's own StrictHostKeyChecking yes holds", async (t) => {
  const { text, sshConfig, known } = await startUnknown(t, ['gate', 'inner']);
  const through = text.replace('Host inner\n', 'Host inner\n  ProxyJump gate\n');
  await writeFile(sshConfig, `Host gate\n  StrictHostKeyChecking yes\n${through}`);
  for (const transport of ['openssh', 'ssh2'] as const) {
    t.not(await tryOpen(transport, 'inner', { configFile: sshConfig }), 'open', transport);
    t.is(await known(), '', transport);
  }
});

sshdTest("BatchMode yes of the user's asks nobody, though somebody could be asked", async (t) => {
  const questions = [{ prompt: 'Code: ', answer: '42' }];
  const pool = await startEmbeddedHosts({ publicKey: false, questions });
  t.teardown(() => pool.close());
  const text = await readFile(pool.sshConfig, 'utf8');
  await writeFile(pool.sshConfig, `BatchMode yes\n${text}`);
  let asked = 0;
  const prompt = async () => {
    asked += 1;
    return '42';
  };
  for (const transport of ['openssh', 'ssh2'] as const)
    t.is(await tryOpen(transport, 'host1', { configFile: pool.sshConfig, prompt }), 'E_AUTH', transport);
  t.is(asked, 0);
});

sshdTest('a certificate of another authority is refused and nothing is learnt', async (t) => {
  await mkdir('/run/sshd', { recursive: true });
  const directory = await tempDir(t);
  const file = (name: string) => join(directory, name);
  for (const name of ['ours', 'theirs', 'host'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  const authority = (await readFile(file('ours.pub'), 'utf8')).trim();
  await writeFile(file('known'), '');
  await writeFile(
    file('sshd'),
    `HostKey ${file('host')}\nHostCertificate ${file('host-cert.pub')}\nUsePAM no\n`,
  );
  const base = `ProxyCommand ${SSHD} -i -f ${file('sshd')}\nUserKnownHostsFile ${file('known')}\nGlobalKnownHostsFile none\nIdentityAgent none\n`;
  const open = async (signer: string, front: string) => {
    await run('ssh-keygen', ['-q', '-s', file(signer), '-I', 'x', '-h', '-n', 'lab01', file('host.pub')]);
    await writeFile(file('known'), `@cert-authority lab* ${authority}\n`);
    await writeFile(file('config'), `${front}\n${base}`);
    return tryOpen('openssh', 'lab01', { configFile: file('config') });
  };
  for (const front of ['StrictHostKeyChecking yes', 'StrictHostKeyChecking no', '']) {
    t.not(await open('ours', front), 'E_HOSTKEY_UNKNOWN', front);
    const code = await open('theirs', front);
    if (front.endsWith('no')) continue;
    t.is(code, 'E_HOSTKEY_UNKNOWN', front);
    t.is(await readFile(file('known'), 'utf8'), `@cert-authority lab* ${authority}\n`, front);
  }
  t.is(await tryOpen('ssh2', 'lab01', { configFile: file('config') }), 'E_HOSTKEY_UNKNOWN');
});
