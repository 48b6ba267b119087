import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import ssh2, { type Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import type { EmbeddedHost } from '../../src/testing/embedded-host.js';
import {
  type EmbeddedPool,
  type EmbeddedPoolOptions,
  startEmbeddedHosts,
} from '../../src/testing/embedded-hosts.js';
import { processesOf } from '../../src/testing/end-processes.js';
import { generateKey } from '../../src/testing/generate-key.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

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

async function connect(
  t: ExecutionContext,
  pool: EmbeddedPool,
  host: EmbeddedHost,
  config: ConnectConfig = {},
): Promise<Client> {
  const client = new ssh2.Client();
  t.teardown(() => void client.destroy());
  const ready = once(client, 'ready');
  client.on('error', () => {});
  const { address, port } = host;
  client.connect({
    host: address,
    port,
    username: 'me',
    privateKey: await readFile(pool.identity),
    ...config,
  });
  await ready;
  return client;
}

interface Ran {
  readonly code: number | null;
  readonly signal: string | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

function exec(client: Client, command: string, input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      channel.on('data', (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      channel.on('close', (code: number | null, signal?: string) =>
        resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
      );
      channel.end(input);
    });
  });
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) =>
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))),
  );
}

/** Calls an SFTP function and answers its value, or the status code of its refusal. */
function call<T>(
  send: (done: (error: Error | null | undefined, value?: T) => void) => void,
): Promise<T | number | undefined> {
  return new Promise((resolve) =>
    send((error, value) => resolve(error && 'code' in error ? Number(error.code) : value)),
  );
}

test.serial('commands run as sshd runs them: the login shell, the home, a clean environment', async (t) => {
  const [pool, host] = await start(t);
  const client = await connect(t, pool, host);
  const { stdout, stderr, code } = await exec(
    client,
    'pwd; env | cut -d= -f1 | sort | tr "\\n" " "; echo oops >&2; exit 3',
  );
  const [home, names] = stdout.toString().split('\n');
  t.is(home, host.home);
  t.is(names, 'HOME LOGNAME PATH PWD SHELL SHLVL SSH_CLIENT SSH_CONNECTION USER _ ');
  t.deepEqual([stderr.toString(), code], ['oops\n', 3]);
});

test.serial('input, both outputs and a signal arrive whole', async (t) => {
  const [pool, host] = await start(t);
  const client = await connect(t, pool, host);
  const script = 'cat; head -c 9000000 /dev/zero & head -c 9000000 /dev/zero >&2; wait; kill -9 $$';
  const ran = await exec(client, script, 'in');
  t.deepEqual([ran.stdout.length, ran.stderr.length, ran.signal], [9_000_002, 9_000_000, 'SIGKILL']);
});

test.serial('a drop ends what is attached; what is detached lives until the pool is closed', async (t) => {
  const [pool, host] = await start(t, { count: 2 });
  const client = await connect(t, pool, host);
  await exec(client, 'setsid sleep 1000 </dev/null >/dev/null 2>&1 &');
  await exec(
    client,
    '(cd /; env -i setsid sleep 1000 </dev/null >/dev/null 2>&1 &); env -i setsid sleep 1000 </dev/null >/dev/null 2>&1 &',
  );
  const attached = exec(client, 'sleep 1000');
  await waitFor(async () => (await processesOf([host.home])).length === 3, { what: 'three processes' });
  host.drop();
  t.is((await attached).code ?? null, null);
  await waitFor(async () => (await processesOf([host.home])).length === 2, {
    what: 'the attached one to end',
  });
  await pool.close();
  t.deepEqual(await processesOf([host.home]), []);
});

test.serial('only the right key, password or answers log in', async (t) => {
  const questions = [{ prompt: 'Code: ', answer: '42' }];
  const [pool, host] = await start(t, { password: 'pass word', questions });
  const stranger = generateKey().privateKey;
  await t.throwsAsync(connect(t, pool, host, { privateKey: stranger }));
  await t.throwsAsync(connect(t, pool, host, { privateKey: '', password: 'pass' }));
  await connect(t, pool, host, { privateKey: '', password: 'pass word' });
  const asked = new ssh2.Client();
  t.teardown(() => void asked.destroy());
  asked.on('keyboard-interactive', (_name, _text, _lang, prompts, finish) => finish(prompts.map(() => '42')));
  asked.connect({ host: host.address, port: host.port, username: 'me', tryKeyboard: true });
  await once(asked, 'ready');
  t.true(host.loginAttempts >= 4);
});

test.serial('SFTP serves real files with their modes, and the right refusals', async (t) => {
  const [pool, host] = await start(t);
  const here = await tempDir(t);
  const sftp = await openSftp(await connect(t, pool, host));
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index * 7));
  await writeFile(join(here, 'out'), bytes);
  await call<void>((done) => sftp.fastPut(join(here, 'out'), 'big', { mode: 0o640 }, done));
  t.is((await stat(join(host.home, 'big'))).mode & 0o777, 0o640);
  await call<void>((done) => sftp.fastGet('big', join(here, 'back'), done));
  t.is(digest(await readFile(join(here, 'back'))), digest(bytes));

  await call<void>((done) => sftp.mkdir('directory', { mode: 0o700 }, done));
  await call<void>((done) => sftp.rename('big', 'directory/moved', done));
  await call<void>((done) => sftp.symlink('directory/moved', 'link', done));
  t.is(await call((done) => sftp.readlink('link', done)), 'directory/moved');
  t.is(await call((done) => sftp.realpath('link', done)), join(host.home, 'directory/moved'));
  await call<void>((done) => sftp.chmod('directory/moved', 0o600, done));
  t.is((await stat(join(host.home, 'directory/moved'))).mode & 0o777, 0o600);
  const listed = await call<{ filename: string }[]>((done) => sftp.readdir('directory', done));
  t.deepEqual(Array.isArray(listed) && listed.map(({ filename }) => filename), ['moved']);

  const { NO_SUCH_FILE, FAILURE } = ssh2.utils.sftp.STATUS_CODE;
  t.is(await call((done) => sftp.stat('missing', done)), NO_SUCH_FILE);
  t.is(await call<void>((done) => sftp.mkdir('directory', done)), FAILURE);
  t.is(await call<void>((done) => sftp.rmdir('directory', done)), FAILURE);
  await call<void>((done) => sftp.unlink('directory/moved', done));
  await call<void>((done) => sftp.rmdir('directory', done));
  t.deepEqual(await readdir(host.home), ['link']);
});

test.serial('a directory of many files is listed whole, and a full disk is a failure', async (t) => {
  const [pool, host] = await start(t);
  await mkdir(join(host.home, 'many'));
  await Promise.all(
    Array.from({ length: 450 }, (_, index) => writeFile(join(host.home, 'many', `${index}`), '')),
  );
  const sftp = await openSftp(await connect(t, pool, host));
  const listed = await call<unknown[]>((done) => sftp.readdir('many', done));
  t.is(Array.isArray(listed) && listed.length, 450);
  const handle = await call<Buffer>((done) => sftp.open('/dev/full', 'w', done));
  if (!Buffer.isBuffer(handle)) return t.fail('no handle');
  const written = await call<void>((done) => sftp.write(handle, Buffer.from('x'), 0, 1, 0, done));
  t.is(written, ssh2.utils.sftp.STATUS_CODE.FAILURE);
});

test.serial('hosts misbehave as told', async (t) => {
  const [pool] = await start(t, {
    names: ['narrow', 'plain', 'closed', 'noisy', 'forced', 'short'],
    hostOptions: {
      narrow: { faults: { maxSessions: 1 } },
      plain: { faults: { noSftp: true } },
      closed: { faults: { refuseAuth: true } },
      noisy: { faults: { loginNoise: 'WELCOME\n' } },
      forced: { faults: { forceCommand: 'echo "not $SSH_ORIGINAL_COMMAND"' } },
      short: { faults: { dropAfterBytes: 200_000 } },
    },
  });
  const [narrow, plain, closed, noisy, forced, short] = pool.hosts;
  if (!(narrow && plain && closed && noisy && forced && short)) return t.fail('a host is missing');
  const client = await connect(t, pool, narrow);
  const first = exec(client, 'sleep 0.2; echo first');
  await t.throwsAsync(exec(client, 'echo second'), { message: /Channel open failure/ });
  t.is((await first).stdout.toString(), 'first\n');
  await t.throwsAsync(openSftp(await connect(t, pool, plain)));
  await t.throwsAsync(connect(t, pool, closed));
  t.is((await exec(await connect(t, pool, noisy), 'echo hi')).stdout.toString(), 'WELCOME\nhi\n');
  t.is((await exec(await connect(t, pool, forced), 'date')).stdout.toString(), 'not date\n');
  const cut = await exec(await connect(t, pool, short), 'head -c 5000000 /dev/zero');
  t.true(cut.stdout.length < 5_000_000);
});

test.serial('a silent host answers nothing until it is restored', async (t) => {
  const [pool, host] = await start(t);
  const client = await connect(t, pool, host);
  host.silence();
  let answered = false;
  const late = exec(client, 'echo late').then((ran) => {
    answered = true;
    return ran;
  });
  const strange = new ssh2.Client().on('error', () => {});
  strange.connect({ host: host.address, port: host.port, username: 'me', readyTimeout: 300 });
  await new Promise<void>((resolve) => strange.once('close', () => resolve()));
  t.false(answered);
  host.restore();
  t.is((await late).stdout.toString(), 'late\n');
});

test.serial('homes that the caller gave are kept', async (t) => {
  const homes = await tempDir(t);
  const [pool, host] = await start(t, { names: ['lab01'], homes });
  await exec(await connect(t, pool, host), 'echo kept >file');
  await pool.close();
  t.is(await readFile(join(homes, 'lab01', 'file'), 'utf8'), 'kept\n');
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
