import test from 'ava';
import { type ErrorCode, type Fault, HostError } from '../../src/errors.js';
import type { GpoolEvent, Usage } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { anyHost } from '../helpers/any-host.js';
import { anySpecs } from '../helpers/random-history.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'a', warnings: [] };
const USAGE: Usage = { startedAt: 1_700_000_000_000, wallMs: 12, userMs: 3, systemMs: 1, peakKb: 0 };
const SUCCEEDED: Outcome = { kind: 'succeeded' };
const RETURNED: GpoolEvent = { type: 'job.returned', job: '1', attempt: '1.1' };

const faultOf = (code: ErrorCode): Fault => new HostError(code, { what: 'x', where: 'a' }).toFault();
const ready = (host: string): GpoolEvent => ({ type: 'host.ready', host, slots: 2, facts: FACTS });
const launched = (n: number, host: string): GpoolEvent => {
  return { type: 'job.launched', job: '1', attempt: `1.${n}`, host };
};
const started = (n: number, host: string): GpoolEvent => {
  return { type: 'job.started', attempt: `1.${n}`, host, slot: 1, offset: 1 };
};
const ended = (n: number, host: string, outcome: Outcome = SUCCEEDED, inferred = false): GpoolEvent => ({
  type: 'job.ended',
  attempt: `1.${n}`,
  host,
  outcome,
  usage: USAGE,
  output: { stdout: true, stderr: false, stdoutBytes: 7 },
  ...(inferred && { inferred: true }),
  offset: 2,
});
const requeued = (n: number, reason: Fault | Outcome): GpoolEvent => {
  return { type: 'job.requeued', job: '1', attempt: `1.${n}`, reason, counted: false };
};
const lost = (host: string): GpoolEvent => ({ type: 'host.lost', host, fault: faultOf('E_HOST_SILENT') });
const SILENT = requeued(1, faultOf('E_HOST_SILENT'));

/** Job 1 is with `a`; `b` is there, too. */
function begin(...events: readonly GpoolEvent[]): BatchState {
  const state = createBatchState(anySpecs(1), ['a', 'b']);
  apply(state, { type: 'batch.started', batch: 'b1', jobs: 1, hosts: ['a', 'b'] }, ready('a'), ready('b'));
  apply(state, launched(1, 'a'), started(1, 'a'), ...events);
  return state;
}

function apply(state: BatchState, ...events: readonly GpoolEvent[]): boolean[] {
  return events.map((event) =>
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event }),
  );
}

const COUNTS: Readonly<Record<string, readonly GpoolEvent[]>> = {
  'its host was silent': [lost('a'), SILENT, ready('a'), ended(1, 'a')],
  'its host was removed, and was added again': [
    lost('a'),
    { type: 'host.removed', host: 'a', reason: 'x' },
    requeued(1, faultOf('E_HOST_REMOVED')),
    { type: 'host.added', host: 'a', description: anyHost('a') },
    ready('a'),
    ended(1, 'a'),
  ],
  'it seemed that its host had not got it': [requeued(1, faultOf('E_CONN_LOST')), ended(1, 'a')],
  'its replacement has not begun': [lost('a'), SILENT, ready('a'), launched(2, 'b'), ended(1, 'a')],
  'its replacement was given back': [
    lost('a'),
    SILENT,
    launched(2, 'b'),
    ended(2, 'b', { kind: 'recalled' }),
    ready('a'),
    ended(1, 'a'),
  ],
  'nobody knows how its replacement stands': [
    lost('a'),
    SILENT,
    launched(2, 'b'),
    lost('b'),
    ready('a'),
    ended(1, 'a'),
  ],
  'its replacement has begun and failed': [
    lost('a'),
    SILENT,
    launched(2, 'b'),
    started(2, 'b'),
    ready('a'),
    ended(1, 'a'),
    ended(2, 'b', { kind: 'failed', code: 3 }),
    requeued(2, { kind: 'failed', code: 3 }),
  ],
  'its end was known before its host was silent': [ended(1, 'a'), lost('a'), SILENT, ready('a')],
};

for (const [title, events] of Object.entries(COUNTS)) {
  test(`an attempt that ended well is under way again when ${title}`, (t) => {
    const state = begin(...events);
    const handed = state.hosts.map((host) => host.handed);
    t.deepEqual(apply(state, RETURNED), [true]);
    const [job] = state.jobs;
    t.like(job, { state: 'busy', host: 'a' });
    t.like(job?.attempts[0], { outcome: SUCCEEDED, usage: USAGE, fault: null, settled: false });
    t.deepEqual(
      state.hosts.map((host) => host.handed),
      handed,
    );
    t.deepEqual(apply(state, RETURNED), [false], 'once');
    const collected = { stdoutBytes: 7, stderrBytes: 0, files: [], missing: [], skipped: [] };
    t.deepEqual(apply(state, { type: 'job.done', job: '1', attempt: '1.1', collected }), [true]);
    t.like(job, { state: 'done', decidedBy: { id: '1.1' } });
    t.true(job?.attempts.every(({ settled }) => settled));
  });
}

const CHANGES_NOTHING: Readonly<Record<string, readonly GpoolEvent[]>> = {
  'it has failed': [lost('a'), SILENT, ready('a'), ended(1, 'a', { kind: 'failed', code: 3 })],
  'its host has said nothing': [lost('a'), SILENT, ready('a')],
  'another host says so': [lost('a'), SILENT, ready('a'), ended(1, 'b')],
  'its end was only inferred': [lost('a'), SILENT, ready('a'), ended(1, 'a', SUCCEEDED, true)],
  'its host cannot be asked': [lost('a'), SILENT, ready('a'), ended(1, 'a'), lost('a')],
  'its host was let go of': [SILENT, ended(1, 'a'), { type: 'host.removed', host: 'a', reason: 'x' }],
  'its replacement runs': [lost('a'), SILENT, launched(2, 'b'), started(2, 'b'), ready('a'), ended(1, 'a')],
  'its replacement has ended well': [
    lost('a'),
    SILENT,
    launched(2, 'b'),
    ended(2, 'b'),
    ready('a'),
    ended(1, 'a'),
  ],
  'a person has ended the job': [
    lost('a'),
    SILENT,
    { type: 'job.cancelling', job: '1', reason: 'x' },
    ready('a'),
    ended(1, 'a'),
  ],
  'the job was wanted again since': [
    lost('a'),
    SILENT,
    { type: 'job.cancelling', job: '1', reason: 'x' },
    { type: 'job.reopened', job: '1', reason: 'x' },
    ready('a'),
    ended(1, 'a'),
  ],
};

for (const [title, events] of Object.entries(CHANGES_NOTHING)) {
  test(`an attempt that counts as lost stays so when ${title}`, (t) => {
    const state = begin(...events);
    const before = structuredClone(state.jobs);
    t.deepEqual(apply(state, RETURNED), [false]);
    t.deepEqual(structuredClone(state.jobs), before);
  });
}
