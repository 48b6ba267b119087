import type { Attempt } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import { createAttempt } from './attempt.js';

/** The attempts that a host has and that have not ended, as far as it is known. O(jobs that hosts have). */
export function listOpenOn(batch: string, { jobQueue }: BatchState, host: string): Attempt[] {
  const handed = [...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)];
  return handed.flatMap((job) =>
    liveAttempts(job)
      .filter((attempt) => attempt.host === host && attempt.outcome === null)
      .map((attempt) => createAttempt(batch, job, attempt)),
  );
}
