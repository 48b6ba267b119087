import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { StateError } from '../../src/errors.js';
import { type BatchDirectory, createBatchDirectory } from '../../src/journal/batch-directory.js';
import { findBatchHolder, lockBatch } from '../../src/journal/batch-lock.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { identifySelf } from '../../src/journal/process-identity.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

async function makeBatch(t: Teardown): Promise<BatchDirectory> {
  return createBatchDirectory({ out: join(await tempDir(t), 'b'), name: 'b', now: 0 });
}

/** A process that holds the batch until it is killed; `wrap` goes before its command line. */
async function startHolder(t: Teardown, path: string, wrap: readonly string[] = []) {
  const script = `
    import { lockBatch } from '${import.meta.resolve('../../src/journal/batch-lock.js')}';
    await lockBatch({ path: ${JSON.stringify(path)} });
    console.log('held');
    setInterval(() => {}, 1000);`;
  const [program = process.execPath, ...args] = [
    ...wrap,
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return holder;
}

test('a batch is held once, by whatever name, until it is let go', async (t) => {
  const directory = await makeBatch(t);
  const other = join(directory.path, '..', 'link');
  await symlink(directory.path, other);
  const store = await openBatchStore(directory);
  const error = await t.throwsAsync(lockBatch({ path: other }), {
    instanceOf: StateError,
    code: 'E_BATCH_HELD',
  });
  t.regex(error.message, new RegExp(`process ${process.pid} on `));
  await t.throwsAsync(openBatchStore(directory), { code: 'E_BATCH_HELD' });
  await store.close();
  (await lockBatch(directory)).release();
  t.is(await findBatchHolder(directory), null);
});

test('a batch that could not be opened is not held', async (t) => {
  const directory = await makeBatch(t);
  const openFile = () => Promise.reject(new Error('broken'));
  await t.throwsAsync(openBatchStore(directory, { openFile }));
  await (await openBatchStore(directory)).close();
  t.pass();
});

test('a holder that is stopped has the batch, one that was killed has not', async (t) => {
  const directory = await makeBatch(t);
  const holder = await startHolder(t, directory.path);
  holder.kill('SIGSTOP');
  const error = await t.throwsAsync(lockBatch(directory), { code: 'E_BATCH_HELD' });
  t.true(error instanceof StateError && error.what.includes(`process ${holder.pid} on `), `${error}`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  (await lockBatch(directory)).release();
  t.deepEqual(
    (await readdir(directory.path)).filter((name) => name.includes('lock')),
    ['lock.2'],
  );
});

test('of many that take over at once exactly one has the batch, round after round', async (t) => {
  const directory = await makeBatch(t);
  const dead = { ...(await identifySelf()), user: 'me', start: '1' };
  for (let round = 0; round < 20; round += 1) {
    const newest = Math.max(0, ...(await lockNumbers(directory)));
    await writeFile(join(directory.path, `lock.${newest + 1}`), `${JSON.stringify(dead)}\n`);
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => lockBatch(directory)));
    const held = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    t.is(held.length, 1);
    held[0]?.release();
  }
});

async function lockNumbers({ path }: BatchDirectory): Promise<number[]> {
  const names = await readdir(path);
  return names.filter((name) => name.startsWith('lock.')).map((name) => Number(name.slice(5)));
}

test('processes that take over at once leave one with the batch', async (t) => {
  const directory = await makeBatch(t);
  const first = await startHolder(t, directory.path);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const module = import.meta.resolve('../../src/journal/batch-lock.js');
  const script = `
    import { lockBatch } from '${module}';
    await lockBatch({ path: ${JSON.stringify(directory.path)} }).then(
      () => { console.log('held'); setInterval(() => {}, 1000); }, (error) => console.log(error.code));`;
  const answers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
      t.teardown(() => void child.kill('SIGKILL'));
      const [answer] = await once(child.stdout, 'data');
      return String(answer).trim();
    }),
  );
  t.deepEqual(answers.sort(), [...Array(5).fill('E_BATCH_HELD'), 'held']);
});

type Change = Readonly<Record<string, unknown>>;

/** What a lock file may hold besides the word of a living process here. */
const TAKEN_OVER: readonly (readonly [string, (self: Change) => string])[] = [
  ['of a process that has ended', (self) => line({ ...self, pid: 2 ** 22 - 1 })],
  ['of a process whose number another one has now', (self) => line({ ...self, start: '17' })],
  ['of an earlier boot', (self) => line({ ...self, boot: 'another' })],
  ['that was let go', (self) => `${line(self)}released`],
  ['that was never finished', (self) => line(self).slice(0, 40)],
  ['that is empty', () => ''],
  ['of zeros, as a power cut leaves it', () => '\0'.repeat(200)],
  ['of garbage', () => 'hands off\n'],
  ['of a gigabyte', () => `${'x'.repeat(1_000_000)}`],
  ['that names no process', (self) => line({ ...self, pid: -1 })],
];

for (const [what, text] of TAKEN_OVER) {
  test(`a lock ${what} is taken over`, async (t) => {
    const directory = await makeBatch(t);
    await writeFile(join(directory.path, 'lock.7'), text({ ...(await identifySelf()), user: 'me' }));
    (await lockBatch(directory)).release();
    t.deepEqual(await lockNumbers(directory), [8]);
  });
}

test('what a process left that was killed while it made its lock goes with the next lock', async (t) => {
  const directory = await makeBatch(t);
  const self = { ...(await identifySelf()), user: 'me' };
  const left = {
    '.lock-1-killed': line({ ...self, pid: 2 ** 22 - 1 }),
    '.lock-2-lives': line(self),
    '.lock-3-elsewhere': line({ ...self, host: 'login2', boot: 'x' }),
    '.lock-4-begun': '',
  };
  for (const [name, text] of Object.entries(left)) await writeFile(join(directory.path, name), text);
  (await lockBatch(directory)).release();
  const names = await readdir(directory.path);
  t.deepEqual(names.filter((name) => name in left).sort(), Object.keys(left).slice(1));
});

for (const [what, change] of [
  ['another machine', { host: 'login2', boot: 'x' }],
  ['a machine with the same name', { machine: 'x', boot: 'x' }],
  ['another container', { space: 'pid:[1]' }],
  ['a name that draws on the terminal', { host: '\u001b[2Jlogin2', boot: 'x' }],
] as const) {
  test(`a lock of ${what} holds the batch until a person removes it as told`, async (t) => {
    const directory = await makeBatch(t);
    const self = { ...(await identifySelf()), user: 'me', ...change };
    await writeFile(join(directory.path, 'lock.3'), line(self));
    const error = await t.throwsAsync(lockBatch(directory), { instanceOf: StateError, code: 'E_BATCH_HELD' });
    t.true(error.what.includes(`process ${self.pid} on `));
    const [, path = ''] = /`rm (\S+)`/.exec(error.next) ?? [];
    t.is(path, join(directory.path, 'lock.3'));
    await rm(path);
    (await lockBatch(directory)).release();
  });
}

function line(value: Change): string {
  return `${JSON.stringify(value)}\n`;
}

/** Where the release before listened while it held a batch. */
async function oldAddress(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory);
  return `\0gpool-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
}

test('a batch that an older gpool runs is held', async (t) => {
  if (process.platform !== 'linux') return t.pass();
  const directory = await makeBatch(t);
  const server = createServer().listen(await oldAddress(directory.path));
  await once(server, 'listening');
  const error = await t.throwsAsync(lockBatch(directory), { code: 'E_BATCH_HELD' });
  t.regex(`${error}`, new RegExp(`process ${process.pid} of an older gpool`));
  server.close();
  await once(server, 'close');
  (await lockBatch(directory)).release();
});

sshdTest('the socket name of a batch in the hands of another account keeps nobody out', async (t) => {
  const directory = await makeBatch(t);
  const address = JSON.stringify(await oldAddress(directory.path));
  const script = `require('node:net').createServer((s) => s.write('x'.repeat(1e6))).listen(${address}, () => console.log('on'))`;
  const stranger = spawn(process.execPath, ['-e', script], { uid: 65_534, gid: 65_534, cwd: '/' });
  t.teardown(() => void stranger.kill('SIGKILL'));
  await once(stranger.stdout, 'data');
  (await lockBatch(directory)).release();
  t.pass();
});

sshdTest('where there are no hard links the lock is made exclusively', async (t) => {
  for (const error of ['EPERM', 'EOPNOTSUPP', 'ENOSYS']) {
    const directory = await makeBatch(t);
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=link,linkat:error=${error}`];
    const holder = await startHolder(t, directory.path, strace);
    await refusedLock(t, directory);
    holder.kill('SIGKILL');
    const [, pid] = /"pid":(\d+)/.exec(await readFile(join(directory.path, 'lock.1'), 'utf8')) ?? [];
    process.kill(Number(pid), 'SIGKILL');
  }
});

async function refusedLock(t: ExecutionContext, directory: BatchDirectory): Promise<void> {
  await t.throwsAsync(lockBatch(directory), { code: 'E_BATCH_HELD' });
}
