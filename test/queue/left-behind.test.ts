import test from 'ava';
import { type ErrorCode, type Fault, JobError } from '../../src/errors.js';
import type { Collected, GpoolEvent, Usage } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, countJobs, createBatchState } from '../../src/queue/batch-state.js';
import { keepingHosts, listLeftBehind } from '../../src/queue/left-behind.js';
import { anySpecs } from '../helpers/random-history.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'a', warnings: [] };
const USAGE: Usage = { startedAt: 1_700_000_000_000, wallMs: 12, userMs: 3, systemMs: 1, peakKb: 0 };
const COLLECTED: Collected = {
  stdoutBytes: 0,
  stderrBytes: 0,
  files: [{ path: 'out', bytes: 3 }],
  missing: [],
  skipped: [],
};
const SUCCEEDED: Outcome = { kind: 'succeeded' };
const FAILED: Outcome = { kind: 'failed', code: 3 };

const faultOf = (code: ErrorCode): Fault => new JobError(code, { what: 'x', where: 'here' }).toFault();

function apply(state: BatchState, ...events: readonly GpoolEvent[]): boolean[] {
  return events.map((event) =>
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event }),
  );
}

/** A job that ended so, and whose results could not be fetched for this reason. */
function failedToCollect(outcome: Outcome, code: ErrorCode): BatchState {
  const state = createBatchState(anySpecs(1), ['a']);
  const fault = faultOf(code);
  const ids = { job: '1', attempt: '1.1' };
  apply(
    state,
    { type: 'batch.started', batch: 'b1', jobs: 1, hosts: ['a'] },
    { type: 'host.ready', host: 'a', slots: 2, facts: FACTS },
    { type: 'job.launched', ...ids, host: 'a' },
    { type: 'job.started', attempt: '1.1', host: 'a', slot: 1, offset: 1 },
    {
      type: 'job.ended',
      attempt: '1.1',
      host: 'a',
      outcome,
      usage: USAGE,
      output: { stdout: false, stderr: false },
      offset: 2,
    },
    { type: 'job.failed', ...ids, outcome, fault, collected: null },
  );
  return state;
}

const collected = (fault: Fault | null = null): GpoolEvent => ({
  type: 'job.collected',
  job: '1',
  attempt: '1.1',
  fault,
  collected: COLLECTED,
});

const LATER: readonly (readonly [Outcome, Fault | null, 'done' | 'error'])[] = [
  [SUCCEEDED, null, 'done'],
  [FAILED, null, 'error'],
  [{ kind: 'timed-out' }, null, 'error'],
  [{ kind: 'killed', signal: 9 }, null, 'error'],
  [SUCCEEDED, faultOf('E_OUTPUT_MISSING'), 'error'],
];
for (const [outcome, fault, state] of LATER) {
  test(`a job whose ${outcome.kind} attempt is collected later (${fault?.code ?? 'whole'}) is ${state}`, (t) => {
    const batch = failedToCollect(outcome, 'E_LOCAL_DISK');
    t.deepEqual([...keepingHosts(batch)], ['a']);
    t.deepEqual(apply(batch, collected(fault)), [true]);
    const [job] = batch.jobs;
    t.like(job, { state, decidedBy: { outcome, fault, collected: COLLECTED } });
    const isDone = state === 'done';
    t.like(batch.hosts[0], { done: isDone ? 1 : 0, failed: isDone ? 0 : 1, handed: 0, running: 0 });
    t.like(countJobs(batch), { done: isDone ? 1 : 0, error: isDone ? 0 : 1 });
    t.deepEqual(batch.tally, { done: isDone ? 1 : 0, failed: isDone ? 0 : 1 });
    t.deepEqual(listLeftBehind(batch), []);
    // News that comes twice tells nothing new.
    t.deepEqual(apply(batch, collected()), [false]);
  });
}

for (const code of ['E_LOCAL_DISK', 'E_OUTPUT_UNSAFE', 'E_TRANSFER', 'E_PROTOCOL'] as const)
  test(`results that could not be had for ${code} are waited for`, (t) => {
    t.is(listLeftBehind(failedToCollect(SUCCEEDED, code)).length, 1);
  });

for (const code of ['E_STORE_GONE', 'E_HOST_REMOVED'] as const)
  test(`results that are gone (${code}) are not`, (t) => {
    const batch = failedToCollect(SUCCEEDED, code);
    t.deepEqual(listLeftBehind(batch), []);
    t.deepEqual(apply(batch, collected()), [false]);
  });

test('a job that is wanted again has nothing left behind', (t) => {
  const batch = failedToCollect(SUCCEEDED, 'E_LOCAL_DISK');
  apply(batch, { type: 'job.reopened', job: '1', reason: 'x' });
  t.deepEqual(listLeftBehind(batch), []);
  t.deepEqual(apply(batch, collected()), [false]);
});
