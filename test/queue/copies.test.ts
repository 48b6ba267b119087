import test from 'ava';
import { StateError } from '../../src/errors.js';
import type { Collected, GpoolEvent, Usage } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { liveAttempts, tellingAttempt } from '../../src/queue/job.js';
import { anySpecs, LOST } from '../helpers/random-history.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'a', warnings: [] };
const USAGE: Usage = { startedAt: 1_700_000_000_000, wallMs: 12, userMs: 3, systemMs: 1, peakKb: 0 };
const NOTHING: Collected = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
const SUCCEEDED: Outcome = { kind: 'succeeded' };
const FAILED: Outcome = { kind: 'failed', code: 3 };
const CANCELLED: Outcome = { kind: 'cancelled' };

function apply(state: BatchState, ...events: readonly GpoolEvent[]): boolean[] {
  return events.map((event) =>
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event }),
  );
}

const ready = (host: string): GpoolEvent => ({ type: 'host.ready', host, slots: 2, facts: FACTS });
const lost = (host: string): GpoolEvent => ({ type: 'host.lost', host, fault: LOST });
const started = (attempt: string, host: string): GpoolEvent => ({
  type: 'job.started',
  attempt,
  host,
  slot: 1,
  offset: 1,
});
const ended = (attempt: string, host: string, outcome: Outcome): GpoolEvent => ({
  type: 'job.ended',
  attempt,
  host,
  outcome,
  usage: USAGE,
  output: { stdout: false, stderr: false },
  offset: 2,
});
const done = (attempt: string): GpoolEvent => ({ type: 'job.done', job: '1', attempt, collected: NOTHING });
const dropped = (attempt: string, outcome: Outcome = FAILED): GpoolEvent => ({
  type: 'job.dropped',
  job: '1',
  attempt,
  outcome,
  fault: null,
});
const COPIED: GpoolEvent = { type: 'job.copied', job: '1', attempt: '1.2', host: 'b' };

/** Job 1 runs on a and, as a copy, on b; both hosts have two slots. */
function beginCopied(): BatchState {
  const state = createBatchState(anySpecs(2), ['a', 'b']);
  apply(state, { type: 'batch.started', batch: 'b1', jobs: 2, hosts: ['a', 'b'] }, ready('a'), ready('b'));
  apply(state, { type: 'job.launched', job: '1', attempt: '1.1', host: 'a' }, started('1.1', 'a'), COPIED);
  apply(state, started('1.2', 'b'));
  return state;
}

test('a copy is a second attempt that takes a slot of its own', (t) => {
  const state = beginCopied();
  t.like(state.jobs[0], { state: 'busy', host: 'a' });
  t.deepEqual(
    state.jobs[0]?.attempts.map(({ host, copy, startedAt }) => [host, copy, startedAt !== null]),
    [
      ['a', false, true],
      ['b', true, true],
    ],
  );
  t.deepEqual(
    state.hosts.map(({ handed, running }) => [handed, running]),
    [
      [1, 1],
      [1, 1],
    ],
  );
});

test('the first success decides the job; what the other attempt still does is noted and moves nothing', (t) => {
  const state = beginCopied();
  apply(state, ended('1.2', 'b', SUCCEEDED), done('1.2'));
  t.like(state.jobs[0], { state: 'done', host: 'b' });
  t.is(state.jobs[0] && tellingAttempt(state.jobs[0])?.id, '1.2');
  t.like(state.hosts[0], { handed: 1, running: 1, done: 0 });
  t.like(state.hosts[1], { handed: 0, running: 0, done: 1 });
  t.deepEqual(apply(state, ended('1.1', 'a', SUCCEEDED), done('1.1')), [true, false]);
  t.like(state.jobs[0], { state: 'done', host: 'b' });
  t.is(state.jobs[0] && tellingAttempt(state.jobs[0])?.id, '1.2');
  t.like(state.jobs[0]?.attempts[0], { outcome: SUCCEEDED, usage: USAGE, collected: null });
  t.like(state.hosts[0], { handed: 0, running: 0, done: 0 });
});

test('an attempt that fails while another one is under way only closes, and costs the job nothing', (t) => {
  const state = beginCopied();
  apply(state, ended('1.1', 'a', FAILED), dropped('1.1'));
  t.like(state.jobs[0], { state: 'busy', host: 'b' });
  t.like(state.jobs[0]?.attempts[0], { outcome: FAILED, counted: false, settled: true });
  t.deepEqual(state.jobs[0] && liveAttempts(state.jobs[0]).map(({ id }) => id), ['1.2']);
  apply(state, ended('1.2', 'b', FAILED), {
    type: 'job.failed',
    job: '1',
    attempt: '1.2',
    outcome: FAILED,
    fault: null,
    collected: null,
  });
  t.like(state.jobs[0], { state: 'error', host: 'b' });
  t.like(state.hosts[1], { failed: 1 });
});

test('a copy that its host refused gives its slot back', (t) => {
  const state = beginCopied();
  apply(state, dropped('1.2', { kind: 'lost', fault: LOST }));
  t.like(state.jobs[0], { state: 'busy', host: 'a' });
  t.like(state.hosts[1], { handed: 0, running: 0 });
});

test('a job is unknown only when none of the hosts that have it can be asked', (t) => {
  const state = beginCopied();
  const seen = [lost('a'), lost('b'), ready('a'), lost('a'), ready('b')].map((event) => {
    apply(state, event);
    return state.jobs[0]?.state;
  });
  t.deepEqual(seen, ['busy', 'unknown', 'busy', 'unknown', 'busy']);
  apply(state, dropped('1.2', CANCELLED));
  t.is(state.jobs[0]?.state, 'unknown', 'what is left is on a host that cannot be asked');
});

test('a job that is requeued leaves its other attempts behind', (t) => {
  const state = beginCopied();
  apply(state, lost('b'), ended('1.1', 'a', FAILED));
  apply(state, { type: 'job.requeued', job: '1', attempt: '1.1', reason: FAILED, counted: true });
  t.like(state.jobs[0], { state: 'free', host: null });
  t.like(state.hosts[1], { handed: 1 });
  apply(state, { type: 'job.launched', job: '1', attempt: '1.3', host: 'a' }, ready('b'));
  t.deepEqual(apply(state, ended('1.2', 'b', SUCCEEDED), done('1.2')), [true, false]);
  t.like(state.jobs[0], { state: 'busy', host: 'a' });
  t.like(state.hosts[1], { handed: 0 });
});

test('an attempt that is asked back stays where it is until its host has answered', (t) => {
  const state = beginCopied();
  const recalled: GpoolEvent = { type: 'job.recalled', job: '1', attempt: '1.1', host: 'a' };
  t.deepEqual(apply(state, recalled), [true]);
  t.like(state.jobs[0], { state: 'busy' });
  t.true(state.jobs[0]?.attempts[0]?.recalled);
  apply(state, ended('1.1', 'a', FAILED));
  t.deepEqual(apply(state, recalled), [false], 'it has ended');
});

test('a job that was done by a copy can be reopened', (t) => {
  const state = beginCopied();
  apply(state, ended('1.2', 'b', SUCCEEDED), done('1.2'));
  apply(state, { type: 'job.reopened', job: '1', reason: 'all' });
  t.like(state.jobs[0], { state: 'free', decidedBy: null, budgetFrom: 2 });
  t.deepEqual(
    state.hosts.map((host) => host.done),
    [0, 0],
  );
});

const IMPOSSIBLE: readonly (readonly [string, GpoolEvent])[] = [
  ['a copy on a host that has the job', { ...COPIED, attempt: '1.3' }],
  ['a copy that skips a number', { type: 'job.copied', job: '1', attempt: '1.9', host: 'b' }],
  ['a copy of a job that waits', { type: 'job.copied', job: '2', attempt: '2.1', host: 'b' }],
];
for (const [title, event] of IMPOSSIBLE) {
  test(`${title} is refused and changes nothing`, (t) => {
    const state = beginCopied();
    const before = structuredClone([state.jobs, state.hosts, state.seq]);
    t.is(t.throws(() => apply(state, event), { instanceOf: StateError })?.code, 'E_TRANSITION');
    t.deepEqual(structuredClone([state.jobs, state.hosts, state.seq]), before);
  });
}

test('the last attempt under way cannot be dropped', (t) => {
  const state = beginCopied();
  apply(state, dropped('1.1', CANCELLED));
  t.is(t.throws(() => apply(state, dropped('1.2')), { instanceOf: StateError })?.code, 'E_TRANSITION');
});
