import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { holdBatch } from '../../src/batch/held-batch.js';
import { loadBatch } from '../../src/batch/load-batch.js';
import { recordEvents, refreshInputs, reviseBatch } from '../../src/batch/revise-batch.js';
import type { BatchDirectory } from '../../src/journal/batch-directory.js';
import { createBatchDirectory } from '../../src/journal/batch-directory.js';
import { readBatchFile, writeBatchFile } from '../../src/journal/batch-file.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { anyHost } from '../helpers/any-host.js';
import { makeSpec, makeSpecs } from '../helpers/make-specs.js';
import { settleEvents } from '../helpers/settle-jobs.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';

/** A batch whose first two jobs are done and whose third waits. */
async function makeBatch(t: Teardown, specs: readonly JobSpec[] = makeSpecs(3)): Promise<BatchDirectory> {
  const directory = await createBatchDirectory({ out: join(await tempDir(t), 'b'), name: 'b', now: 0 });
  const facts = { id: 'b', name: 'b', createdAt: '', versions: {}, options: {} };
  await writeBatchFile(directory, { ...facts, hosts: [anyHost('a')], specs });
  const store = await openBatchStore(directory, { batch: 'b' });
  const done = ['a', { kind: 'succeeded' }] as const;
  await store.record(settleEvents(createBatchState(specs, ['a']), [done, done]));
  await store.close();
  return directory;
}

test('wherever a revision is cut short, the batch is the old one or the new one', async (t) => {
  const directory = await makeBatch(t);
  const before = (await readFile(directory.journalFile)).length;
  const held = await holdBatch(directory);
  const specs = [makeSpec({ name: 'job-1' }), makeSpec({ name: 'job-3' }), makeSpec({ name: 'job-4' })];
  const events = [{ type: 'job.reopened', job: '1', reason: 'changed' }] as const;
  const revised = await reviseBatch(held, { specs, removed: ['2'] }, events);
  await held.store.close();
  t.deepEqual(
    revised.state.jobs.map(({ id, state }) => `${id} ${state}`),
    ['1 free', '3 free', '4 free'],
  );
  const whole = await readFile(directory.journalFile);
  for (let length = before; length <= whole.length; length += 1) {
    await writeFile(directory.journalFile, whole.subarray(0, length));
    const { state, file } = await loadBatch(directory);
    const isNew = length === whole.length;
    t.is(file.revision ?? 1, isNew ? 2 : 1);
    t.deepEqual(
      state.jobs.map(({ id }) => id),
      isNew ? ['1', '3', '4'] : ['1', '2', '3'],
    );
  }
});

test('a revision after one that never came to be takes its number', async (t) => {
  const directory = await makeBatch(t);
  const journal = await readFile(directory.journalFile);
  const held = await holdBatch(directory);
  await reviseBatch(held, { specs: makeSpecs(4) });
  await held.store.close();
  await writeFile(directory.journalFile, journal);
  const again = await holdBatch(directory);
  const { state, file } = await reviseBatch(again, { specs: makeSpecs(5) });
  await again.store.close();
  t.is(file.revision, 2);
  t.is(state.jobs.length, 5);
  t.is((await readBatchFile(directory, directory.revisionFile(1))).specs.length, 3);
});

test('inputs that are other than they were make a revision, the same ones do not', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'sim'), 'one');
  const files = [
    { source: 'sim', target: 'sim' },
    { source: 'missing', target: 'missing' },
  ];
  const directory = await makeBatch(t, makeSpecs(3, { files }));
  const held = await holdBatch(directory);
  const first = await refreshInputs(held, held.state.jobs, cwd);
  t.deepEqual(Object.keys(first.file.inputs ?? {}), ['sim'], 'what cannot be read is left out');
  t.is(first.state.revision, 2);
  t.is(await refreshInputs(first, first.state.jobs, cwd), first);
  await writeFile(join(cwd, 'sim'), 'two');
  const second = await refreshInputs(first, first.state.jobs, cwd);
  t.is(second.state.revision, 3);
  t.not(second.file.inputs?.sim, first.file.inputs?.sim);
  await held.store.close();
});

test('what was recorded before a batch is run is what the next one reads', async (t) => {
  const directory = await makeBatch(t);
  const held = await holdBatch(directory);
  const after = await recordEvents(held, [{ type: 'job.reopened', job: '1', reason: 'all' }]);
  await held.store.close();
  t.deepEqual((await loadBatch(directory)).state.jobs, after.state.jobs);
  t.is(after.state.jobById.get('1')?.state, 'free');
});
