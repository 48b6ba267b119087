import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';

/**
 * Passes over an event of a job that a later revision of the batch left out, and says so. What became of it then is of no
 * interest any more; how far its host's event file was read is.
 */
export function passOverRemoved(state: BatchState, event: Recorded): boolean {
  if (state.removed.size === 0) return false;
  const job = jobOf(event);
  if (job === null || !state.removed.has(job)) return false;
  if ('offset' in event) state.offsets[event.host] = event.offset;
  return true;
}

function jobOf(event: Recorded): string | null {
  if ('job' in event) return event.job;
  return 'attempt' in event ? parseAttemptId(event.attempt).job : null;
}
