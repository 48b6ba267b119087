import { readdir, readFile, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, StateError } from '../../src/errors.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { type BatchFile, readBatchFile, writeBatchFile } from '../../src/journal/batch-file.js';
import type { Host } from '../../src/spec/host.js';
import { anySpec, anySpecs } from '../helpers/random-history.js';
import { tempDir } from '../helpers/temp-dir.js';

const HOST: Host = {
  name: 'lab01',
  via: { kind: 'ssh', address: 'lab01', port: 2222 },
  slots: { kind: 'cores', plus: -1 },
  nice: 10,
  labels: [],
  root: '~/.gjob',
  init: [],
  env: {},
};

const BATCH: BatchFile = {
  schema: 1,
  id: '20260301-090507-sim',
  name: 'sim',
  createdAt: '2026-03-01T09:05:07.000Z',
  versions: { gpool: '0.1.0' },
  hosts: [HOST],
  options: { maxRunning: 7, nested: { list: [1, null] } },
  specs: anySpecs(3),
};

async function newDirectory(t: ExecutionContext): Promise<BatchDirectory> {
  return new BatchDirectory(await tempDir(t));
}

test('what specs that follow each other have in common is kept once', async (t) => {
  const directory = await newDirectory(t);
  const specs = anySpecs(3).map((spec, at) => ({
    ...spec,
    env: { AT: String(Math.min(at, 1)) },
    returns: [],
  }));
  await writeBatchFile(directory, { ...BATCH, specs });
  const [first, second, third] = (await readBatchFile(directory)).specs;
  t.deepEqual([first, second, third], specs);
  t.is(second?.commands, first?.commands);
  t.is(third?.returns, first?.returns);
  t.not(second?.env, first?.env);
  t.is(third?.env, second?.env);
});

test('what was written is read again', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, BATCH);
  t.deepEqual(await readBatchFile(directory), BATCH);
  t.deepEqual(await readdir(directory.path), ['batch.json']);
});

test('the file is plain JSON with one spec a line', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, BATCH);
  const text = await readFile(directory.batchFile, 'utf8');
  t.deepEqual(JSON.parse(text), BATCH);
  const lines = text.split('\n');
  for (const spec of BATCH.specs) t.true(lines.some((line) => line.startsWith(JSON.stringify(spec))));
});

test('an empty batch can be kept too', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, { ...BATCH, specs: [] });
  t.deepEqual((await readBatchFile(directory)).specs, []);
});

test('any text in a spec survives', async (t) => {
  const directory = await newDirectory(t);
  const specs = [anySpec({ commands: ['],', '"specs":[', ']}', 'echo "ü\n\u2028"', 'x,'], name: ',' })];
  await writeBatchFile(directory, { ...BATCH, specs });
  t.deepEqual((await readBatchFile(directory)).specs, specs);
});

test('a second write replaces the first', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, BATCH);
  await writeBatchFile(directory, { ...BATCH, name: 'other' });
  t.is((await readBatchFile(directory)).name, 'other');
});

test('fifty thousand specs are written and read', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, { ...BATCH, specs: anySpecs(50_000) });
  const { specs } = await readBatchFile(directory);
  t.is(specs.length, 50_000);
  t.is(specs.at(-1)?.name, 'sim#50000');
});

test('of a large file, a spec that is not as it was written is told by its line', async (t) => {
  const directory = await newDirectory(t);
  await writeBatchFile(directory, { ...BATCH, specs: anySpecs(5_000) });
  const text = await readFile(directory.batchFile, 'utf8');
  const line = text.split('\n').findIndex((each) => each.includes('"sim#4000"')) + 1;
  await writeFile(directory.batchFile, text.replace('"sim#4000"', '"sim#4000'));
  const error = await t.throwsAsync(readBatchFile(directory), { instanceOf: StateError });
  t.is(error.where, `${directory.batchFile}:${line}`);
});

const DAMAGE: readonly (readonly [string, ErrorCode, (text: string) => string])[] = [
  ['a file that ends early', 'E_BATCH_DAMAGED', (text) => text.slice(0, -20)],
  ['an empty file', 'E_BATCH_DAMAGED', () => ''],
  ['a file that is no JSON', 'E_BATCH_DAMAGED', (text) => text.replace('"name":', '"name"')],
  ['a spec that is no JSON', 'E_BATCH_DAMAGED', (text) => text.replace('"sim#2"', '"sim#2')],
  ['a file without a schema', 'E_BATCH_DAMAGED', (text) => text.replace('"schema":1', '"scheme":1')],
  ['a newer schema', 'E_BATCH_VERSION', (text) => text.replace('"schema":1', '"schema":2')],
];
for (const [title, code, harm] of DAMAGE) {
  test(`${title} is refused as ${code}`, async (t) => {
    const directory = await newDirectory(t);
    await writeBatchFile(directory, BATCH);
    await writeFile(directory.batchFile, harm(await readFile(directory.batchFile, 'utf8')));
    const error = await t.throwsAsync(readBatchFile(directory), { instanceOf: StateError });
    t.is(error.code, code);
    t.true(error.where.startsWith(directory.batchFile));
  });
}

test('a directory without a batch file holds no batch', async (t) => {
  const error = await t.throwsAsync(readBatchFile(await newDirectory(t)), { instanceOf: StateError });
  t.is(error.code, 'E_BATCH_NOT_FOUND');
});

test('a file that cannot be written is one clear error and leaves nothing behind', async (t) => {
  const directory = await newDirectory(t);
  const gone = new BatchDirectory(`${directory.path}/gone`);
  const error = await t.throwsAsync(writeBatchFile(gone, BATCH), { instanceOf: StateError });
  t.is(error.code, 'E_BATCH_WRITE');
  t.deepEqual(await readdir(directory.path), []);
});
