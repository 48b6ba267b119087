import test from 'ava';
import type { GpoolEvent, HostFacts } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { NOTHING } from '../../src/manager/collector.js';
import type { Result } from '../../src/manager/conclude.js';
import { drawConclusions } from '../../src/manager/draw-conclusions.js';
import type { RetryPolicy } from '../../src/manager/retry-policy.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { anySpecs, LOST } from '../helpers/random-history.js';

const POLICY: RetryPolicy = { retries: 0, hosts: 2, now: 0, random: () => 0, retryCost: () => 1 };
const FACTS: HostFacts = { cores: 1, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'a', warnings: [] };
const FAILED: Outcome = { kind: 'failed', code: 3 };
const SUCCEEDED: Outcome = { kind: 'succeeded' };

const ready = (host: string): GpoolEvent => ({ type: 'host.ready', host, slots: 1, facts: FACTS });
const lost = (host: string): GpoolEvent => ({ type: 'host.lost', host, fault: LOST });
const ended = (attempt: string, host: string, outcome: Outcome): GpoolEvent => ({
  type: 'job.ended',
  attempt,
  host,
  outcome,
  usage: { startedAt: 1, wallMs: 1, userMs: 0, systemMs: 0, peakKb: 0 },
  output: { stdout: false, stderr: false },
  offset: 1,
});

/** One job, on a and as a copy on b; then these events. */
function copied(...events: readonly GpoolEvent[]): BatchState {
  const state = createBatchState(anySpecs(1), ['a', 'b']);
  const before: readonly GpoolEvent[] = [
    ready('a'),
    ready('b'),
    { type: 'job.launched', job: '1', attempt: '1.1', host: 'a' },
    { type: 'job.copied', job: '1', attempt: '1.2', host: 'b' },
  ];
  for (const event of [...before, ...events])
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event });
  return state;
}

function collected(state: BatchState, n: number): Result {
  const job = state.jobs[0];
  const attempt = job?.attempts[n - 1];
  if (!job || !attempt) throw new Error('there is no such attempt');
  return { kind: 'collected', job, attempt, collected: NOTHING };
}

function conclude(state: BatchState, ...numbers: readonly number[]) {
  const results = numbers.map((n) => collected(state, n));
  const { events, later } = drawConclusions(state, results, POLICY);
  return { types: events.map(({ type }) => type), later: later.length };
}

test('a failure is dropped while another attempt is under way on a host that can be asked', (t) => {
  t.deepEqual(conclude(copied(ended('1.2', 'b', FAILED)), 2), { types: ['job.dropped'], later: 0 });
});

test('a failure decides when the other attempt is on a host that cannot be asked', (t) => {
  const state = copied(lost('a'), ended('1.2', 'b', FAILED));
  t.deepEqual(conclude(state, 2), { types: ['job.failed'], later: 0 });
});

test('a failure does not decide when the other attempt has succeeded and is only to be fetched', (t) => {
  const state = copied(ended('1.1', 'a', SUCCEEDED), lost('a'), ended('1.2', 'b', FAILED));
  t.deepEqual(conclude(state, 2), { types: ['job.dropped'], later: 0 });
});

test('of two results of one job in a turn the second is looked at once the first is applied', (t) => {
  const state = copied(ended('1.1', 'a', SUCCEEDED), ended('1.2', 'b', SUCCEEDED));
  t.deepEqual(conclude(state, 2, 1), { types: ['job.done'], later: 1 });
  const done = { type: 'job.done', job: '1', attempt: '1.2', collected: NOTHING } as const;
  applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...done });
  t.deepEqual(conclude(state, 1), { types: [], later: 0 }, 'it is needed no more');
});
