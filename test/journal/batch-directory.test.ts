import { chmod, mkdir, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { StateError } from '../../src/errors.js';
import {
  BatchDirectory,
  createBatchDirectory,
  formatBatchLabel,
  openBatchDirectory,
} from '../../src/journal/batch-directory.js';
import { writeBatchFile } from '../../src/journal/batch-file.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { tempDir } from '../helpers/temp-dir.js';

const NOW = new Date(2026, 2, 1, 9, 5, 7).getTime();

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test('a new batch gets a directory named by date, time and name', async (t) => {
  const cwd = await tempDir(t);
  const directory = await createBatchDirectory({ name: 'sim', now: NOW, cwd });
  t.is(directory.path, join(cwd, 'batches', '20260301-090507-sim'));
  t.true((await stat(directory.path)).isDirectory());
});

const NAMES: readonly (readonly [string, string])[] = [
  ['../../etc/passwd', '..-..-etc-passwd'],
  ['two words\n', 'two-words-'],
  ['größe', 'gr-e'],
  ['', 'batch'],
  ['x'.repeat(300), 'x'.repeat(64)],
];
for (const [name, safe] of NAMES) {
  test(`the name ${JSON.stringify(name.slice(0, 20))} is made safe for a path`, (t) => {
    t.is(formatBatchLabel(name, NOW), `20260301-090507-${safe}`);
  });
}

test('two batches of one second get two directories, and latest points at the second', async (t) => {
  const cwd = await tempDir(t);
  await createBatchDirectory({ name: 'sim', now: NOW, cwd });
  const second = await createBatchDirectory({ name: 'sim', now: NOW, cwd });
  t.is(second.path, join(cwd, 'batches', '20260301-090507-sim-2'));
  t.is(await readlink(join(cwd, 'batches', 'latest')), '20260301-090507-sim-2');
});

test('fifty batches made at once get fifty directories', async (t) => {
  const cwd = await tempDir(t);
  const made = await Promise.all(
    Array.from({ length: 50 }, () => createBatchDirectory({ name: 'sim', now: NOW, cwd })),
  );
  t.is(new Set(made.map(({ path }) => path)).size, 50);
  const left = (await readdir(join(cwd, 'batches'))).filter((name) => name.startsWith('.'));
  t.deepEqual(left, [], 'no temporary link is left');
});

test('a link that points nowhere any more is replaced', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'batches'));
  await symlink('gone', join(cwd, 'batches', 'latest'));
  await createBatchDirectory({ name: 'sim', now: NOW, cwd });
  t.is(await readlink(join(cwd, 'batches', 'latest')), '20260301-090507-sim');
});

test('something else named latest is left alone', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'batches', 'latest'), { recursive: true });
  await createBatchDirectory({ name: 'sim', now: NOW, cwd });
  t.true((await stat(join(cwd, 'batches', 'latest'))).isDirectory());
});

test('a directory that was asked for is made, parents too, and latest stays', async (t) => {
  const cwd = await tempDir(t);
  const directory = await createBatchDirectory({ out: 'a/b', name: 'sim', now: NOW, cwd });
  t.is(directory.path, join(cwd, 'a/b'));
  t.deepEqual(await readdir(cwd), ['a']);
});

test('a directory that was asked for may exist when it is empty', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'out'));
  await t.notThrowsAsync(createBatchDirectory({ out: 'out', name: 'sim', now: NOW, cwd }));
});

test('a directory that holds something, or a file, is refused', async (t) => {
  const cwd = await tempDir(t);
  await mkdir(join(cwd, 'full'));
  await writeFile(join(cwd, 'full/notes'), '');
  for (const out of ['full', 'full/notes']) {
    const error = await t.throwsAsync(createBatchDirectory({ out, name: 'sim', now: NOW, cwd }), {
      instanceOf: StateError,
    });
    t.is(error.code, 'E_BATCH_EXISTS');
    t.is(error.where, join(cwd, out));
  }
  t.deepEqual(await readdir(join(cwd, 'full')), ['notes']);
});

test('a directory that cannot be made is one clear error', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'file'), '');
  const error = await t.throwsAsync(createBatchDirectory({ out: 'file/out', name: 'sim', now: NOW, cwd }), {
    instanceOf: StateError,
  });
  t.is(error.code, 'E_BATCH_WRITE');
});

test('only a directory with a batch in it can be opened', async (t) => {
  const cwd = await tempDir(t);
  const error = await t.throwsAsync(openBatchDirectory(cwd), { instanceOf: StateError });
  t.is(error.code, 'E_BATCH_NOT_FOUND');
  await writeFile(join(cwd, 'batch.json'), '{}');
  t.is((await openBatchDirectory(cwd)).path, cwd);
});

test('attempts are spread so that no directory grows past some thousand entries', (t) => {
  const directory = new BatchDirectory('/b');
  t.is(directory.attemptDirectory('7', 1), '/b/jobs/7/1');
  t.is(directory.attemptDirectory('999', 2), '/b/jobs/999/2');
  t.is(directory.attemptDirectory('1000', 1), '/b/jobs/1k/1000/1');
  const entries = new Map<string, Set<string>>();
  for (let job = 1; job <= 1_000_000; job += 1) {
    const parts = directory.attemptDirectory(String(job), 1).split('/');
    const parent = parts.slice(0, -2).join('/');
    const names = entries.get(parent) ?? new Set();
    entries.set(parent, names.add(parts.at(-2) ?? ''));
  }
  const shards = [...entries.keys()].filter((parent) => parent !== '/b/jobs').length;
  t.true((entries.get('/b/jobs')?.size ?? 0) + shards < 3000);
  t.true([...entries.values()].every((names) => names.size <= 1000));
});

for (const umask of [0o000, 0o022, 0o077, 0o277]) {
  test.serial(`under umask ${umask.toString(8)} directories are 0700 and files 0600`, async (t) => {
    const cwd = await tempDir(t);
    const before = process.umask(umask);
    t.teardown(() => void process.umask(before));
    const directory = await createBatchDirectory({ name: 'sim', now: NOW, cwd });
    await (await openBatchStore(directory)).close();
    const facts = { id: 'b', name: 'sim', createdAt: '', versions: {}, hosts: [], options: {}, specs: [] };
    await writeBatchFile(directory, facts);
    process.umask(before);
    const paths = [join(cwd, 'batches'), directory.path, directory.journalFile, directory.batchFile];
    t.deepEqual(await Promise.all(paths.map(modeOf)), ['700', '700', '600', '600']);
  });
}

test('an empty directory that the user made keeps its mode', async (t) => {
  const cwd = await tempDir(t);
  const out = join(cwd, 'out');
  await mkdir(out);
  await chmod(out, 0o750);
  await createBatchDirectory({ out, name: 'sim', now: NOW, cwd });
  t.is(await modeOf(out), '750');
});
