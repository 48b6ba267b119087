import { join } from 'node:path';
import test from 'ava';
import { HostError } from '../../src/errors.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { Manager } from '../../src/manager/manager.js';
import type { ManagerOptions } from '../../src/manager/manager-options.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { formatHaltRule, parseHaltRule } from '../../src/spec/halt-rule.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Jobs with these ids fail; each takes as many seconds as its id says. */
const failing =
  (...ids: string[]) =>
  ({ job }: Attempt): AttemptPlan => ({
    durationMs: Number(job) * 1000,
    outcome: ids.includes(job) ? { kind: 'failed', code: 7 } : { kind: 'succeeded' },
  });

const halted = async (halt: string, ids: string[], jobs = 6, options: ManagerOptions = {}) => {
  const pool = { hosts: [{ name: 'a', slots: 2 }], plan: failing(...ids) };
  const simulation = simulate(makeSpecs(jobs), pool, { halt, ...options });
  return { ...simulation, summary: await simulation.run() };
};

test('a soft halt starts nothing more and waits for what runs, with its outputs', async (t) => {
  const { summary, events, clock } = await halted('soon,fail=1', ['1']);
  t.is(summary.kind, 'halted');
  t.like(summary.counts, { done: 1, error: 1, free: 4, busy: 0 });
  t.is(clock.elapsed(), 2000);
  t.is(
    summary.reason,
    'halt rule soon,fail=1: 1 of 6 jobs failed, the last one job 1 (job-1) on a: exit code 7',
  );
  t.like(eventsOf(events, 'batch.stopping')[0], { mode: 'drain', reason: summary.reason });
});

test('a hard halt ends what runs, which waits again: it did not fail', async (t) => {
  const { summary, events, manager } = await halted('now,fail=1', ['1']);
  t.is(summary.kind, 'halted');
  t.like(summary.counts, { done: 0, error: 1, free: 5, busy: 0 });
  t.like(eventsOf(events, 'batch.stopping')[0], { mode: 'kill' });
  t.deepEqual(manager.jobs[1]?.attempts[0]?.outcome, { kind: 'cancelled' });
  t.false(manager.jobs[1]?.attempts[0]?.counted);
});

test('what may not be repeated has failed when a hard halt ended it', async (t) => {
  const pool = { hosts: [{ name: 'a', slots: 2 }], plan: failing('1') };
  const { run } = simulate(makeSpecs(4, { repeatable: false }), pool, { halt: 'now,fail=1' });
  t.like((await run()).counts, { error: 2, free: 2 });
});

test('successes and ends are counted as well, by number and by percentage of all jobs', async (t) => {
  t.like((await halted('now,success=1', ['1'])).summary.counts, { done: 1, error: 1 });
  t.like((await halted('soon,done=2', ['1'])).summary.counts, { done: 2, error: 1, free: 3 });
  t.like((await halted('soon,fail=50%', ['1', '2', '3'])).summary.counts, { error: 3, done: 1, free: 2 });
  t.like((await halted('soon,fail=34%', ['1', '2', '3'])).summary.counts, { error: 3 });
  t.like((await halted('soon,fail=33%', ['1', '2'])).summary.counts, { error: 2, done: 1, free: 3 });
});

test('a rule that nothing meets changes nothing, and neither does one that is met when all has ended', async (t) => {
  t.is((await halted('now,fail=1', [])).summary.kind, 'complete');
  t.is((await halted('now,fail=1', ['6'])).summary.kind, 'complete');
  t.is((await halted('never', ['1', '2', '3', '4', '5', '6'])).summary.kind, 'complete');
});

test('a job that is tried again has not failed yet', async (t) => {
  const { summary } = await halted('soon,fail=1', ['2'], 4, { retries: 1, retryDelaySecs: 0 });
  t.is(summary.counts.error, 1);
  t.is(summary.counts.done, 3);
});

test('a soft halt takes back what waits in the backlog of a host', async (t) => {
  const plan = ({ job }: Attempt): AttemptPlan => ({
    durationMs: 10,
    outcome: job === '30' ? { kind: 'failed', code: 1 } : { kind: 'succeeded' },
  });
  const { run, manager } = simulate(makeSpecs(200), { hosts: ['a'], plan }, { halt: 'soon,fail=1' });
  const { kind, counts } = await run();
  t.is(kind, 'halted');
  t.is(counts.busy + counts.unknown, 0);
  t.true(counts.done < 60, `${counts.done} done`);
  const recalled = manager.jobs
    .flatMap(({ attempts }) => attempts)
    .filter(({ outcome }) => outcome?.kind === 'recalled');
  t.true(recalled.length > 0);
  t.true(recalled.every(({ startedAt, counted }) => startedAt === null && !counted));
});

test('a person’s word goes before a soft halt: a stop leaves, a cancel ends what runs', async (t) => {
  const plan = ({ job }: Attempt): AttemptPlan =>
    job === '1' ? { outcome: { kind: 'failed', code: 1 } } : { durationMs: 600_000 };
  const pool = { hosts: [{ name: 'a', slots: 2 }], plan };
  const left = simulate(makeSpecs(4), pool, { halt: 'soon,fail=1' });
  left.clock.after(10_000, () => left.manager.stop('enough'));
  t.like(await left.run(), { kind: 'stopped', reason: 'enough' });
  t.true(left.clock.elapsed() < 20_000);
  const ended = simulate(makeSpecs(4), pool, { halt: 'soon,fail=1' });
  ended.clock.after(10_000, () => void ended.manager.cancel());
  t.like(await ended.run(), { kind: 'stopped' });
  t.is(ended.manager.counts.error, 2);
});

test('a soft halt waits for a host that is away and has a running job', async (t) => {
  const hosts = [{ name: 'a', slots: 2, outages: [{ atMs: 500, forMs: 60_000 }] }, { name: 'b' }];
  const plan = ({ job, host }: Attempt): AttemptPlan =>
    host === 'b'
      ? { durationMs: 5000, outcome: { kind: 'failed', code: 1 } }
      : { durationMs: Number(job) * 1000 };
  const { run } = simulate(makeSpecs(9), { hosts, plan }, { halt: 'soon,fail=1', placement: 'pack' });
  const { kind, counts } = await run();
  t.is(kind, 'halted');
  t.like(counts, { done: 2, error: 1, free: 6 });
});

test('what a hard halt ended waits again also when only the next controller hears of its end', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const specs = makeSpecs(2);
  const clock = new ManualClock();
  const plan = ({ job, n }: Attempt): AttemptPlan => {
    if (job === '1') return { outcome: { kind: 'failed', code: 1 } };
    return n === 1 ? { durationMs: Number.POSITIVE_INFINITY, silent: true } : {};
  };
  const network = new SimulatedNetwork({ hosts: [{ name: 'a', slots: 2 }], clock, plan });
  const first = new Manager({ clock, out, halt: 'now,fail=1' });
  first.setup(specs, network);
  t.like(await clock.runUntil(first.processJobs()), { kind: 'halted', counts: { busy: 1, error: 1 } });
  const directory = new BatchDirectory(out);
  const state = createBatchState(specs, ['a']);
  await readJournal(directory.journalFile, (event) => void applyEvent(state, event));
  const store = await openBatchStore(directory, { batch: state.batch, clock });
  const second = new Manager({ clock, store, state });
  second.setup(specs, network);
  t.like((await clock.runUntil(second.processJobs())).counts, { done: 1, error: 1 });
  t.deepEqual(
    state.jobs[1]?.attempts.map(({ outcome, counted }) => `${outcome?.kind} ${counted}`),
    ['cancelled false', 'succeeded true'],
  );
});

test('the forms of GNU parallel are read, and what is none is refused', (t) => {
  const read = (text: string): string => {
    const rule = parseHaltRule(text);
    return rule ? formatHaltRule(rule) : 'never';
  };
  for (const text of ['now,fail=1', 'soon,success=3%', 'now,done=100%']) t.is(read(text), text);
  const short = ['0', '1', '2', '-1', '-2', '10%', 'never'].map(read);
  const full = [
    'never',
    'soon,fail=1',
    'now,fail=1',
    'soon,success=1',
    'now,success=1',
    'soon,fail=10%',
    'never',
  ];
  t.deepEqual(short, full);
  for (const text of [
    '',
    'soon',
    'later,fail=1',
    'now,fails=1',
    'now,fail',
    'now,fail=-1',
    'now,fail=1.5',
    '3',
  ])
    t.throws(() => parseHaltRule(text), { message: /is no halt rule \(E_USAGE\)\. Write never/ }, text);
  t.throws(() => parseHaltRule('now,fail=0'), { message: /before its first job/ });
  t.throws(() => parseHaltRule('now,fail=101%'), { message: /more than all jobs/ });
});

const refused = new HostError('E_REMOTE_DISK', { what: 'the disk is full', where: 'x' });

test('a batch whose first launches all fail on every host stops and says why', async (t) => {
  const plan = ({ host }: Attempt): AttemptPlan =>
    host === 'a' ? { durationMs: 5, outcome: { kind: 'failed', code: 127 } } : { refusal: refused };
  const { run } = simulate(makeSpecs(50), { hosts: [{ name: 'a', slots: 2 }, 'b'], plan });
  const { kind, reason, counts } = await run();
  t.is(kind, 'halted');
  t.is(
    reason,
    'none of the first 3 launches came to anything: 2× exit code 127 on a; 1× the disk is full (E_REMOTE_DISK) on b',
  );
  t.true(counts.free > 40);
});

test('one launch that comes to something, or a host that is still being connected to, lets the batch go on', async (t) => {
  const plan = ({ job }: Attempt): AttemptPlan => ({
    durationMs: 5,
    outcome: { kind: 'failed', code: job === '2' ? 1 : 127 },
  });
  t.is((await simulate(makeSpecs(20), { hosts: ['a'], plan }).run()).kind, 'complete');
  const late = simulate(
    makeSpecs(20),
    { hosts: ['a', 'b'], plan: ({ host }) => (host === 'a' ? { refusal: refused } : {}) },
    { placement: 'pack' },
  );
  t.is((await late.run()).counts.done, 20);
});

test('jobs that fail by their own exit code never look like launches that failed', async (t) => {
  const plan = (): AttemptPlan => ({ durationMs: 1, outcome: { kind: 'failed', code: 1 } });
  const { kind, counts } = await simulate(makeSpecs(20), { hosts: ['a', 'b'], plan }).run();
  t.is(kind, 'complete');
  t.is(counts.error, 20);
});

test('never runs all jobs no matter what', async (t) => {
  const plan = (): AttemptPlan => ({ durationMs: 1, outcome: { kind: 'failed', code: 127 } });
  const { kind, counts } = await simulate(makeSpecs(20), { hosts: ['a'], plan }, { halt: 'never' }).run();
  t.is(kind, 'complete');
  t.is(counts.error, 20);
});
