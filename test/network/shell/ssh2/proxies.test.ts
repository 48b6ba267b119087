import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { startEmbeddedHosts } from '../../../../src/testing/embedded-hosts.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { makeKey } from './host-keys.js';
import { faultOf } from './ssh-hosts.js';

/** Three hosts; `extra` is put before the pool's own configuration. */
async function startPool(t: ExecutionContext) {
  const pool = await startEmbeddedHosts({ names: ['gate', 'inner', 'deep'] });
  t.teardown(() => pool.close());
  const directory = await tempDir(t);
  const shell = async (name: string, extra: string) => {
    const configFile = join(directory, `config${Math.random()}`);
    await writeFile(configFile, `${extra}\n${await readFile(pool.sshConfig, 'utf8')}`);
    const ssh = createSsh2Shell({ kind: 'ssh', address: name }, { configFile });
    t.teardown(() => ssh.close());
    return ssh;
  };
  const connections = () => pool.hosts.map((host) => host.connections);
  return { pool, directory, shell, connections };
}

test.serial('a host is reached through a jump host, and both connections end together', async (t) => {
  const { shell, connections, pool } = await startPool(t);
  const ssh = await shell('inner', 'Host inner\n  ProxyJump gate');
  await ssh.open();
  t.deepEqual(connections(), [1, 1, 0]);
  t.is(`${pool.hosts[1]?.home}\n`, (await ssh.run('pwd')).stdout.toString());
  const closed = new Promise((resolve) => ssh.onClose(resolve));
  pool.hosts[0]?.drop();
  t.like(await closed, { code: 'E_CONN_LOST' });
});

test.serial(
  'several hops are gone through in order, and a hop may have a jump host of its own',
  async (t) => {
    const { shell, connections } = await startPool(t);
    const listed = await shell('deep', 'Host deep\n  ProxyJump gate,inner');
    await listed.open();
    t.deepEqual(connections(), [1, 1, 1]);
    await listed.close();
    const nested = await shell('deep', 'Host deep\n  ProxyJump inner\nHost inner\n  ProxyJump gate');
    await nested.open();
    t.is((await nested.run('exit 9')).code, 9);
  },
);

test.serial('the key of a jump host is checked too, before anything goes through it', async (t) => {
  const { shell, pool, connections } = await startPool(t);
  const known = await readFile(pool.knownHosts, 'utf8');
  const gate = `[127.0.0.1]:${pool.hosts[0]?.port}`;
  const lines = known.split('\n').filter((line) => !line.startsWith(`${gate} `));
  await writeFile(pool.knownHosts, `${gate} ${makeKey('ssh-ed25519')}\n${lines.join('\n')}`);
  const ssh = await shell('inner', 'Host inner\n  ProxyJump gate');
  const error = await faultOf(t, ssh.open());
  t.is(error.code, 'E_HOSTKEY_CHANGED');
  t.regex(error.where, /@gate:/);
  t.is(connections()[1], 0);
});

test.serial('a jump host that cannot reach the host says so, and a circle of them is refused', async (t) => {
  const { shell } = await startPool(t);
  const closed = await shell('nowhere', 'Host nowhere\n  HostName 127.0.0.1\n  Port 1\n  ProxyJump gate');
  t.is((await faultOf(t, closed.open())).code, 'E_CONN_REFUSED');
  const circle = await shell('gate', 'Host gate\n  ProxyJump inner\nHost inner\n  ProxyJump gate');
  const error = await faultOf(t, circle.open());
  t.is(error.code, 'E_SSH_CONFIG');
  t.regex(error.message, /circle/);
});

test.serial('a proxy command is the connection, and ends with it', async (t) => {
  const { shell, directory } = await startPool(t);
  const script = join(directory, 'pipe.mjs');
  await writeFile(
    script,
    `import { connect } from 'node:net';
    const socket = connect(process.argv[3], process.argv[2]);
    process.stdin.pipe(socket).pipe(process.stdout);
    socket.on('close', () => process.exit());`,
  );
  const ssh = await shell('inner', `Host inner\n  ProxyCommand ${process.execPath} ${script} %h %p`);
  await ssh.open();
  t.is((await ssh.run('exit 6')).code, 6);
  const failing = await shell('inner', 'Host inner\n  ProxyCommand false\n  ConnectTimeout 1');
  const error = await faultOf(t, failing.open());
  t.is(error.code, 'E_CONN_LOST');
});
