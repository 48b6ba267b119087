import { StateError } from '../errors.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';
import { moveJob } from './host-events.js';
import type { Job } from './job.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE } from './states.js';

type Intent<K extends ManagerEvent['type']> = Recorded<Extract<ManagerEvent, { type: K }>>;

/** One that waits is over with it: nothing was started, so there is nothing to end. */
export function applyJobCancelling(state: BatchState, event: Intent<'job.cancelling'>): boolean {
  const job = findOpenJob(state, event.job);
  const waits = job?.state === STATE_FREE;
  if (!job || (job.cancelling !== null && !waits)) return false;
  job.cancelling = event.reason;
  if (waits) moveJob(state, job, STATE_ERROR, event.type);
  else state.intents.add(job);
  return true;
}

export function applyJobPausing(state: BatchState, event: Intent<'job.pausing'>): boolean {
  return setPaused(state, event.job, true);
}

export function applyJobUnpausing(state: BatchState, event: Intent<'job.unpausing'>): boolean {
  return setPaused(state, event.job, false);
}

export function applyBatchCapped(state: BatchState, event: Intent<'batch.capped'>): boolean {
  state.maxRunning = event.maxRunning ?? Number.POSITIVE_INFINITY;
  return true;
}

function setPaused(state: BatchState, id: string, paused: boolean): boolean {
  const job = findOpenJob(state, id);
  if (!job || job.paused === paused) return false;
  job.paused = paused;
  state.intents.add(job);
  return true;
}

/** Null for a job that was settled meanwhile: what was wanted of it is of no interest any more. */
function findOpenJob(state: BatchState, id: string): Job | null {
  const job = state.jobById.get(id);
  if (job) return job.state === STATE_DONE || job.state === STATE_ERROR ? null : job;
  const what = `there is no job ${id} in this batch`;
  throw new StateError('E_TRANSITION', { what, where: `batch ${state.batch}` });
}
