import { parseAttemptId } from '../events/attempt-id.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import { type BatchState, countJobs } from '../queue/batch-state.js';
import { STATE_FREE } from '../queue/states.js';

/**
 * What must have happened before an event, although the lines that said so are gone: who started was launched, who is done has
 * ended well. Else a job that ran would be run once more. Pure.
 */
export function missingBefore(event: Recorded, state: BatchState): GpoolEvent[] {
  if (!('attempt' in event) || event.type === 'job.launched' || event.type === 'job.copied') return [];
  const { job: id, n } = parseAttemptId(event.attempt);
  const job = state.jobById.get(id);
  // Which host it was may be gone, too.
  const host = 'host' in event ? event.host : state.hosts[0]?.name;
  if (!job || host === undefined) return [];
  const known = job.attempts.find((attempt) => attempt.id === event.attempt);
  if (!known && (job.state !== STATE_FREE || n !== job.attempts.length + 1)) return [];
  const launch: GpoolEvent = { type: 'job.launched', job: id, attempt: event.attempt, host };
  const lacksEnd = event.type === 'job.done' && !known?.outcome;
  return [...(known ? [] : [launch]), ...(lacksEnd ? [wellEnded(event.attempt, known?.host ?? host)] : [])];
}

/** Whether an event says of the batch what cannot be, as far as its lines are left. */
export function isTooEarly(event: Recorded, state: BatchState): boolean {
  if (event.type !== 'batch.ended') return false;
  const { free, busy, unknown } = countJobs(state);
  return free + busy + unknown > 0;
}

function wellEnded(attempt: string, host: string): GpoolEvent {
  const usage = { startedAt: 0, wallMs: 0, userMs: 0, systemMs: 0, peakKb: 0 };
  const output = { stdout: true, stderr: true };
  return { type: 'job.ended', attempt, host, outcome: { kind: 'succeeded' }, usage, output, offset: 0 };
}
