import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';

/** Asks back all that hosts have and have not begun, so that nothing new starts. Changes nothing. */
export function planDrain({ jobQueue }: BatchState): ManagerEvent[] {
  const handed = [...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)];
  return handed.flatMap((job) =>
    liveAttempts(job)
      .filter(({ startedAt, outcome, recalled }) => startedAt === null && outcome === null && !recalled)
      .map(({ id, host }) => ({ type: 'job.recalled', job: job.id, attempt: id, host })),
  );
}
