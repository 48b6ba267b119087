import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';
import { findHost, launchedState, moveJob } from './host-events.js';
import { liveAttempts } from './job.js';
import { addAttempt, closeAttempt, createAttempt, findDecidable, findJob, refuse } from './job-events.js';
import { STATE_BUSY } from './states.js';

type CopyEvent<K extends ManagerEvent['type']> = Recorded<Extract<ManagerEvent, { type: K }>>;

/** One more attempt of a busy job. */
export function applyJobCopied(state: BatchState, event: CopyEvent<'job.copied'>): boolean {
  const job = findJob(state, event.job);
  const { name } = findHost(state, event.host);
  if (liveAttempts(job).some(({ host }) => host === name)) throw refuse(job, `${name} has it already`);
  const attempt = createAttempt(state, job, event);
  moveJob(state, job, STATE_BUSY, event.type);
  addAttempt(state, job, attempt);
  return true;
}

/** Nothing moves: whether it comes back is for its host to say. */
export function applyJobRecalled(state: BatchState, event: CopyEvent<'job.recalled'>): boolean {
  const found = findDecidable(state, event);
  if (!found || found.attempt.outcome !== null) return false;
  found.attempt.recalled = true;
  return true;
}

export function applyJobDropped(state: BatchState, event: CopyEvent<'job.dropped'>): boolean {
  const found = findDecidable(state, event);
  if (!found) return false;
  const { job, attempt } = found;
  const next = liveAttempts(job).find((other) => other !== attempt);
  if (!next) throw refuse(job, `attempt ${attempt.id} is the only one under way`);
  attempt.settled = true;
  moveJob(state, job, launchedState(state, job), event.type);
  closeAttempt(state, attempt, event.outcome);
  attempt.fault = event.fault;
  attempt.counted = false;
  job.host = next.host;
  return true;
}
