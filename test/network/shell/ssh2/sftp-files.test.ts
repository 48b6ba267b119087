import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { type Misdeeds, startHostileServer } from './hostile-sftp-server.js';
import { faultOf, startTestHost } from './ssh-hosts.js';

test.serial('files of all sizes come back as they went, with mode 0600', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  for (const size of [0, 1, 32_768, 261_119, 261_120, 261_121, 3_000_000]) {
    const [there, back] = [join(directory, `there${size}`), join(directory, `back${size}`)];
    const content = randomBytes(size);
    await writeFile(there, content);
    const moved = { up: 0, down: 0 };
    await ssh.putFile(there, `up${size}`, { onProgress: (bytes) => (moved.up += bytes) });
    await ssh.getFile(`up${size}`, back, size, { onProgress: (bytes) => (moved.down += bytes) });
    t.true((await readFile(back)).equals(content), `${size}`);
    t.deepEqual(moved, { up: size, down: size });
    t.is((await stat(join(host.home, `up${size}`))).mode & 0o777, 0o600);
    t.is((await stat(back)).mode & 0o777, 0o600);
  }
});

test.serial('exactly the bytes that were asked for are fetched from a file that is longer', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  await writeFile(join(host.home, 'long'), 'abcdefgh');
  await ssh.getFile('long', join(directory, 'part'), 3);
  t.is(await readFile(join(directory, 'part'), 'utf8'), 'abc');
});

test.serial('a local link, file or directory in the way is neither followed nor overwritten', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  await writeFile(join(host.home, 'file'), 'new');
  const precious = join(directory, 'precious');
  await writeFile(precious, 'old');
  await symlink(precious, join(directory, 'link'));
  await symlink(join(directory, 'nowhere'), join(directory, 'dangling'));
  await mkdir(join(directory, 'dir'));
  for (const name of ['precious', 'link', 'dangling', 'dir'])
    t.is((await faultOf(t, ssh.getFile('file', join(directory, name), 3))).code, 'E_LOCAL_DISK', name);
  t.is(await readFile(precious, 'utf8'), 'old');
  t.deepEqual(
    (await readdir(directory)).filter((name) => name === 'nowhere'),
    [],
  );
});

test.serial('missing and special files are told apart, on both sides', async (t) => {
  const { shell, host, directory } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  const fifo = join(directory, 'fifo');
  await promisify(execFile)('mkfifo', [fifo]);
  t.is((await faultOf(t, ssh.putFile(join(directory, 'none'), 'up'))).code, 'E_INPUT_MISSING');
  t.is((await faultOf(t, ssh.putFile(fifo, 'up'))).code, 'E_INPUT_DENIED');
  t.is((await faultOf(t, ssh.putFile(directory, 'up'))).code, 'E_INPUT_DENIED');
  t.is((await faultOf(t, ssh.getFile('none', join(directory, 'a'), 1))).code, 'E_TRANSFER');
  await writeFile(join(directory, 'x'), 'x');
  t.is((await faultOf(t, ssh.putFile(join(directory, 'x'), 'no/such/dir'))).code, 'E_TRANSFER');
  t.deepEqual(await readdir(host.home), []);
});

test.serial('a host without SFTP is told as such; commands still run', async (t) => {
  const { shell, directory } = await startTestHost(t, { faults: { noSftp: true } });
  const ssh = await shell();
  await ssh.open();
  await writeFile(join(directory, 'x'), 'x');
  t.is((await faultOf(t, ssh.putFile(join(directory, 'x'), 'up'))).code, 'E_NO_SFTP');
  t.is((await ssh.run('exit 3')).code, 3);
});

/** What a hostile server does, and what each copy must end with; nothing must hang or stay. */
const MISDEEDS: readonly [what: string, misdeeds: Misdeeds, get: string, put: string][] = [
  ['hands out less than it said', { readable: 500_000 }, 'E_TRANSFER', 'ok'],
  ['hands out nothing', { readable: 0 }, 'E_TRANSFER', 'ok'],
  ['answers in tiny pieces', { perRead: 7001 }, 'ok', 'ok'],
  ['hands out more than was asked for', { tooMuch: true }, 'ok', 'ok'],
  ['says that it is a FIFO', { fifo: true }, 'E_OUTPUT_UNSAFE', 'ok'],
  ['never answers an open', { ignore: 'OPEN' }, 'E_DEADLINE', 'E_DEADLINE'],
  ['never answers a stat', { ignore: 'STAT' }, 'E_DEADLINE', 'ok'],
  ['never answers a read', { ignore: 'READ' }, 'E_DEADLINE', 'ok'],
  ['never answers a write', { ignore: 'WRITE' }, 'ok', 'E_DEADLINE'],
  ['never answers a close', { ignore: 'CLOSE' }, 'ok', 'E_DEADLINE'],
  ['fails to write, as with a full disk', { fail: 'WRITE' }, 'ok', 'E_TRANSFER'],
  ['fails to close', { fail: 'CLOSE' }, 'ok', 'E_TRANSFER'],
  ['hangs up at an open', { hangUp: 'OPEN' }, 'E_TRANSFER', 'E_TRANSFER'],
  ['hangs up at a stat', { hangUp: 'STAT' }, 'E_TRANSFER', 'ok'],
  ['hangs up at a read', { hangUp: 'READ' }, 'E_TRANSFER', 'ok'],
  ['hangs up at a write', { hangUp: 'WRITE' }, 'ok', 'E_TRANSFER'],
];

for (const [what, misdeeds, get, put] of MISDEEDS) {
  test.serial(`a server that ${what} leads to ${get} on the way down and ${put} on the way up`, async (t) => {
    const { ssh, directory } = await openHostile(t, misdeeds);
    const [up, down] = [join(directory, 'up'), join(directory, 'down')];
    await writeFile(up, Buffer.alloc(1_000_000, 1));
    const end = async (copy: Promise<void>) =>
      copy.then(
        () => 'ok',
        (error: { code: string }) => error.code,
      );
    t.is(await end(ssh.getFile('remote', down, 1_000_000, patience(get))), get);
    t.is((await readdir(directory)).includes('down'), get === 'ok', 'nothing half done stays');
    t.is(await end(ssh.putFile(up, 'remote', patience(put))), put);
    t.is(await end(ssh.putFile(up, 'remote', patience(put))), put, 'a new channel serves after a fault');
  });
}

/** Short where the copy must give up, long where a busy machine must not make it. */
function patience(end: string): { readonly stallMs: number } {
  return { stallMs: end === 'E_DEADLINE' ? 300 : 30_000 };
}

async function openHostile(t: ExecutionContext, misdeeds: Misdeeds) {
  const port = await startHostileServer(t, misdeeds);
  const directory = await tempDir(t);
  const config = join(directory, 'config');
  await writeFile(
    config,
    `UserKnownHostsFile ${join(directory, 'known')}\nIdentityFile none\nIdentityAgent none\n`,
  );
  const ssh = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port },
    { configFile: config, prompt: async () => 'x' },
  );
  t.teardown(() => ssh.close());
  await ssh.open();
  return { ssh, directory };
}
