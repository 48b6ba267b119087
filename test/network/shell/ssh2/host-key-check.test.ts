import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import ssh2 from 'ssh2';
import type { ErrorCode } from '../../../../src/errors.js';
import type { HostKeyVerifier } from '../../../../src/network/shell/ssh2/host-key-check.js';
import { hashHostName } from '../../../../src/network/shell/ssh2/known-hosts.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { generateKey } from '../../../../src/testing/generate-key.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { makeKey } from './host-keys.js';
import { startHostileServer } from './hostile-sftp-server.js';
import { faultOf, fileText, startTestHost } from './ssh-hosts.js';

async function start(t: ExecutionContext) {
  const { pool, host, directory, shell } = await startTestHost(t);
  const known = join(directory, 'known_hosts');
  const config = `IdentityFile ${pool.identity}\nIdentityAgent none\nUserKnownHostsFile ${known}\n`;
  const name = `[127.0.0.1]:${host.port}`;
  const key = host.publicKey.split(' ').slice(0, 2).join(' ');
  return { known, config, name, key, host, shell };
}

test('a new host is recorded, and known the next time', async (t) => {
  const { known, config, name, key, shell } = await start(t);
  await (await shell({ config })).open();
  t.is(await fileText(known), `${name} ${key}\n`);
  await (await shell({ config, hostKeyPolicy: 'strict' })).open();
  t.is(await fileText(known), `${name} ${key}\n`);
});

test('twenty connections to a new host record it once', async (t) => {
  const { known, config, name, key, shell } = await start(t);
  const shells = await Promise.all(Array.from({ length: 20 }, () => shell({ config })));
  await Promise.all(shells.map((one) => one.open()));
  t.is(await fileText(known), `${name} ${key}\n`);
});

test('strict refuses a new host, by flag and by ssh_config, before any login', async (t) => {
  const { known, config, host, shell } = await start(t);
  for (const options of [
    { config, hostKeyPolicy: 'strict' as const },
    { config: `${config}StrictHostKeyChecking yes\n` },
  ]) {
    const error = await faultOf(t, (await shell(options)).open());
    t.is(error.code, 'E_HOSTKEY_UNKNOWN');
    t.regex(error.message, /ssh-ed25519 SHA256:\S{43} is not in known_hosts/);
  }
  t.is(await fileText(known), '');
  t.is(host.loginAttempts, 0);
});

test('a changed key, another type, a revoked key: refused with no login attempt, 30 of 30', async (t) => {
  const { known, config, name, key, host, shell } = await start(t);
  const [other, type] = [makeKey('ssh-ed25519'), makeKey('ecdsa-sha2-nistp256')];
  const cases: [ErrorCode, string][] = [
    ['E_HOSTKEY_CHANGED', `# mine\n${name} ${other}\n`],
    ['E_HOSTKEY_CHANGED', `${hashHostName(name, Buffer.alloc(20, 1))} ${other}\n`],
    ['E_HOSTKEY_CHANGED', `[127.0.0.*]:* ${type}\n`],
    ['E_HOSTKEY_REVOKED', `${name} ${key}\n@revoked * ${key}\n`],
    ['E_HOSTKEY_REVOKED', `@revoked [*]:${host.port} ${key}\n`],
  ];
  for (let round = 0; round < 6; round++) {
    for (const [code, text] of cases) {
      await writeFile(known, text);
      const error = await faultOf(t, (await shell({ config })).open());
      t.is(error.code, code, text);
      t.is(await fileText(known), text);
      if (code === 'E_HOSTKEY_CHANGED')
        t.regex(error.message, /SHA256:\S{43}.*SHA256:\S{43} in \S+known_hosts:\d/);
    }
  }
  t.is(host.loginAttempts, 0);
});

test('a known_hosts that cannot be read refuses the host before connecting', async (t) => {
  const { known, config, host, shell } = await start(t);
  await mkdir(known);
  const error = await faultOf(t, (await shell({ config })).open());
  t.is(error.code, 'E_KNOWN_HOSTS');
  t.is(error.where, known);
  t.is(host.connections, 0);
});

test('a key listed for the name without its port is accepted, and a different one there does not refuse', async (t) => {
  const { known, config, key, name, shell } = await start(t);
  await writeFile(known, `127.0.0.1 ${key}\n`);
  await (await shell({ config, hostKeyPolicy: 'strict' })).open();
  const other = `127.0.0.1 ${makeKey('ssh-ed25519')}\n`;
  await writeFile(known, other);
  await (await shell({ config })).open();
  t.is(await fileText(known), `${other}${name} ${key}\n`);
});

test('a server with several keys is asked for the type that is on file', async (t) => {
  const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const port = await startHostileServer(t, {}, [generateKey().privateKey, ecdsa.private]);
  const directory = await tempDir(t);
  const known = join(directory, 'known');
  const [type, blob] = ecdsa.public.split(' ');
  const listed = `[127.0.0.1]:${port} ${type} ${blob}\n`;
  await writeFile(known, listed);
  await writeFile(
    join(directory, 'config'),
    `UserKnownHostsFile ${known}\nIdentityFile none\nIdentityAgent none\n`,
  );
  const ssh = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port },
    { configFile: join(directory, 'config'), prompt: async () => 'x', hostKeyPolicy: 'strict' },
  );
  t.teardown(() => ssh.close());
  await ssh.open();
  t.is(await fileText(known), listed);
});

test('HostKeyAlias is what is looked up and recorded', async (t) => {
  const { known, config, key, shell } = await start(t);
  await (await shell({ config: `${config}HostKeyAlias pool\n` })).open();
  t.is(await fileText(known), `pool ${key}\n`);
});

test('a function that answers with a Promise is no host key verifier', (t) => {
  type Fits = ((key: Buffer) => Promise<boolean>) extends HostKeyVerifier ? true : false;
  const fits: Fits = false;
  t.false(fits);
});
