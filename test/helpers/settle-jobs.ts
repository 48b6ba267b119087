import type { GpoolEvent } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import type { BatchState } from '../../src/queue/batch-state.js';

/** Applies events in order, each with the next number. */
export function applyAll(state: BatchState, events: readonly GpoolEvent[]): void {
  for (const event of events)
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event });
}

/** How a job's first attempt ended: on a host, with an outcome, after so many milliseconds. @default 1 */
export type End = readonly [host: string, outcome: Outcome, wallMs?: number];

/** The batch starts and its first jobs end, but those without an end. */
export function settleEvents(
  { jobs, hosts }: BatchState,
  ends: readonly (End | null)[],
): readonly GpoolEvent[] {
  const names = hosts.map(({ name }) => name);
  const facts = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'x', warnings: [] };
  return [
    { type: 'batch.started', batch: 'b', jobs: jobs.length, hosts: names },
    ...names.map((host): GpoolEvent => ({ type: 'host.ready', host, slots: 100, facts })),
    ...ends.flatMap((end, at) => (end ? lifeOf(String(at + 1), end) : [])),
  ];
}

/** Applies `settleEvents`. */
export function settleJobs(state: BatchState, ends: readonly (End | null)[]): void {
  applyAll(state, settleEvents(state, ends));
}

function lifeOf(job: string, [host, outcome, wallMs = 1]: End): GpoolEvent[] {
  const attempt = `${job}.1`;
  const usage = { startedAt: 1, wallMs, userMs: 0, systemMs: 0, peakKb: 0 };
  const collected = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
  const output = { stdout: false, stderr: false };
  return [
    { type: 'job.launched', job, attempt, host },
    { type: 'job.started', attempt, host, slot: 1, offset: 10 },
    { type: 'job.ended', attempt, host, outcome, usage, output, offset: 20 },
    outcome.kind === 'succeeded'
      ? { type: 'job.done', job, attempt, collected }
      : { type: 'job.failed', job, attempt, outcome, fault: null, collected },
  ];
}
