import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { BatchRun } from '../../src/batch/batch-run.js';
import { loadBatch } from '../../src/batch/load-batch.js';
import { knownRunMs, longestFirst, type StartOrder } from '../../src/batch/longest-first.js';
import { planRerun, rerunAsNew, rerunBatch } from '../../src/batch/rerun-batch.js';
import { updateBatch } from '../../src/batch/update-batch.js';
import type { Recorded } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { BatchDirectory, createBatchDirectory } from '../../src/journal/batch-directory.js';
import { writeBatchFile } from '../../src/journal/batch-file.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { countJobs, createBatchState } from '../../src/queue/batch-state.js';
import type { Job } from '../../src/queue/job.js';
import type { Host } from '../../src/spec/host.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { anyHost } from '../helpers/any-host.js';
import { makeSpec } from '../helpers/make-specs.js';
import { type End, settleEvents, settleJobs } from '../helpers/settle-jobs.js';
import { eventsOf } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

const DONE: Outcome = { kind: 'succeeded' };
const FAILED: Outcome = { kind: 'failed', code: 1 };
const FAULT = { code: 'E_CONN_LOST', domain: 'transport', what: '', where: '', next: '' } as const;

function onLogError(error: unknown): never {
  throw error;
}

interface Ground {
  readonly cwd: string;
  readonly directory: BatchDirectory;
  readonly specs: readonly JobSpec[];
  readonly host: Host;
  readonly request: Parameters<typeof rerunBatch>[0];
}

/** A batch that ended as told, on this machine as a host of one slot; a job without an end was cut off before its launch. */
async function makeBatch(t: ExecutionContext, ends: readonly (End | null)[]): Promise<Ground> {
  const cwd = await tempDir(t);
  const directory = await createBatchDirectory({ out: join(cwd, 'b'), name: 'b', now: 0 });
  const specs = ends.map((_, at) => makeSpec({ name: `job-${at + 1}`, commands: [`true ${at}`] }));
  const host = anyHost('a', { slots: { kind: 'count', count: 1 }, root: join(cwd, '.gjob') });
  const facts = { id: 'b', name: 'b', createdAt: '', versions: {}, options: {} };
  await writeBatchFile(directory, { ...facts, hosts: [host], specs });
  const store = await openBatchStore(directory, { batch: 'b' });
  const state = createBatchState(specs, ['a']);
  const events = settleEvents(state, ends);
  settleJobs(state, ends);
  await store.record([...events, { type: 'batch.ended', summary: countJobs(state) }]);
  await store.close();
  const request = { directory, selector: { all: true }, cwd, onLogError };
  return { cwd, directory, specs, host, request };
}

/** Runs it and tells which jobs were launched, in order; first checks that a replay waits in the same order. */
async function launchOrder(t: ExecutionContext, batch: BatchRun): Promise<string> {
  const { state } = await loadBatch(new BatchDirectory(batch.directory));
  const waiting = state.jobQueue.inState('free').map(({ id }) => id);
  const events: Recorded[] = [];
  batch.subscribe((event) => events.push(event));
  const { summary } = await batch.start();
  t.is(summary.kind, 'complete');
  const launched = eventsOf(events, 'job.launched').map(({ job }) => job);
  t.deepEqual(waiting, launched);
  return launched.join(' ');
}

function jobOf(outcome: Outcome, wallMs: number): Job | null {
  const state = createBatchState([makeSpec()], ['a']);
  settleJobs(state, [['a', outcome, wallMs]]);
  return state.jobs[0] ?? null;
}

const OWN_ENDS: readonly Outcome[] = [DONE, FAILED, { kind: 'killed', signal: 9 }, { kind: 'timed-out' }];
for (const outcome of OWN_ENDS) {
  test(`the run time of an attempt that ended as ${outcome.kind} is known`, (t) => {
    t.is(knownRunMs(jobOf(outcome, 70)), 70);
  });
}

const OTHER_ENDS: readonly Outcome[] = [
  { kind: 'cancelled' },
  { kind: 'recalled' },
  { kind: 'lost', fault: FAULT },
];
for (const outcome of OTHER_ENDS) {
  test(`the run time of an attempt that ended as ${outcome.kind} says nothing`, (t) => {
    t.is(knownRunMs(jobOf(outcome, 70)), null);
  });
}

test('an attempt of whose end no host told has no run time', (t) => {
  t.is(knownRunMs(jobOf(DONE, 0)), null);
});

test('unknown times come before the longest, and equal ones keep their order', (t) => {
  const jobs = { a: jobOf(DONE, 5), b: null, c: jobOf(FAILED, 9), d: jobOf(DONE, 5), e: null };
  const sorted = longestFirst(Object.entries(jobs), ([, job]) => job);
  t.is(sorted.map(([name]) => name).join(''), 'becad');
});

const ENDS: readonly (End | null)[] = [
  ['a', DONE, 100],
  null,
  ['a', FAILED, 300],
  ['a', { kind: 'cancelled' }, 900],
  ['a', DONE, 200],
];
const ORDERS: readonly (readonly [StartOrder | undefined, string])[] = [
  [undefined, '2 4 3 5 1'],
  ['longest', '2 4 3 5 1'],
  ['given', '2 1 3 4 5'],
];
for (const [order, expected] of ORDERS) {
  test(`jobs that are run again in place start by their run times: order ${order}`, async (t) => {
    const { request } = await makeBatch(t, ENDS);
    const planned = await planRerun({ ...request, order });
    t.is(planned.map(({ id }) => id).join(' '), expected, 'what was waiting before is first anyway');
    t.is(await launchOrder(t, await rerunBatch({ ...request, order })), expected);
  });
}

test('a job that was run again is known by the longest of its attempts', async (t) => {
  const { request, directory } = await makeBatch(t, [
    ['a', DONE, 3_600_000],
    ['a', DONE, 7_200_000],
  ]);
  await (await rerunBatch(request)).start();
  const { state } = await loadBatch(directory);
  t.deepEqual(
    state.jobs.map((job) => [job.attempts.length, knownRunMs(job)]),
    [
      [2, 3_600_000],
      [2, 7_200_000],
    ],
  );
});

test('in a batch of its own a job has the number of its place, and starts by its run time', async (t) => {
  const { request, cwd } = await makeBatch(t, ENDS);
  const out = join(cwd, 'c');
  const planned = await planRerun({ ...request, out });
  t.is(planned.map(({ id }) => id).join(' '), '2 4 3 5 1');
  t.is(await launchOrder(t, await rerunAsNew({ ...request, out })), '2 4 3 5 1');
  const { state, file } = await loadBatch(new BatchDirectory(out));
  t.is(
    state.jobs.map(({ id, spec }) => `${id}=${spec.name}`).join(' '),
    '1=job-1 2=job-2 3=job-3 4=job-4 5=job-5',
  );
  t.deepEqual(file.startOrder, ['2', '4', '3', '5', '1']);
});

test('a batch of its own in the order that was given says nothing of order', async (t) => {
  const { request, cwd } = await makeBatch(t, ENDS);
  const batch = await rerunAsNew({ ...request, order: 'given', out: join(cwd, 'c') });
  t.is(await launchOrder(t, batch), '1 2 3 4 5');
  t.false('startOrder' in (await loadBatch(new BatchDirectory(join(cwd, 'c')))).file);
});

for (const [order, expected] of [
  ['longest', '4 3 1'],
  ['given', '4 1 3'],
] as const) {
  test(`after an edit what is new starts first, then what is run again: order ${order}`, async (t) => {
    const { directory, specs, host, cwd } = await makeBatch(t, [
      ['a', FAILED, 100],
      ['a', DONE, 900],
      ['a', FAILED, 300],
    ]);
    const edited = [...specs, makeSpec({ name: 'new', commands: ['true new'] })];
    const request = { name: 'b', hosts: [host], options: {}, cwd, onLogError };
    const batch = await updateBatch({ ...request, directory, specs: edited, order });
    t.is(await launchOrder(t, batch), expected);
  });
}

test('a revision of a batch with a start order keeps it, without the jobs that left', (t) => {
  const revision = { revision: 2, removed: ['2'], startOrder: ['3', '2', '1'] };
  const { jobQueue } = createBatchState([makeSpec(), makeSpec(), makeSpec()], [], revision);
  t.deepEqual(
    jobQueue.inState('free').map(({ id }) => id),
    ['4', '3', '1'],
  );
});
