import { StateError } from '../errors.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';
import { applyJobCopied, applyJobDropped, applyJobRecalled } from './copy-events.js';
import { applyHostFailed, applyHostLost, applyHostReady } from './host-events.js';
import { isPoolEvent, reducePool } from './host-pool.js';
import { applyBatchCapped, applyJobCancelling, applyJobPausing, applyJobUnpausing } from './intent-events.js';
import {
  applyHostLeft,
  applyJobDone,
  applyJobEnded,
  applyJobFailed,
  applyJobLaunched,
  applyJobRequeued,
  applyJobStarted,
  applyJobWarned,
} from './job-events.js';
import { applyJobCollected } from './left-behind.js';
import { passOverRemoved } from './removed-jobs.js';
import { applyBatchRevised, applyJobReopened } from './reopen-job.js';
import { applyJobReturned } from './returned-attempts.js';
import { applyBatchResumed, applyBatchStopping, applyJobOverdue } from './stop-events.js';

/**
 * Applies one event: the only place where states change. Deterministic, so that a journal gives the same state again.
 * Answers false when the event told nothing new: news of an older attempt, news that came twice. Throws a StateError
 * (E_TRANSITION) on an event that cannot be: a gap in `seq`, a job that is done without having succeeded.
 */
export function applyEvent(state: BatchState, event: Recorded): boolean {
  // Told, never journalled.
  if (event.seq === 0) return false;
  if (event.seq !== state.seq + 1)
    throw refuse(`event ${event.seq} does not follow event ${state.seq}`, state);
  const changed = !passOverRemoved(state, event) && reduce(state, event);
  state.seq = event.seq;
  state.lastAt = event.at;
  return changed;
}

function reduce(state: BatchState, event: Recorded): boolean {
  switch (event.type) {
    case 'job.launched':
      return applyJobLaunched(state, event);
    case 'job.started':
      return applyJobStarted(state, event);
    case 'job.ended':
      return applyJobEnded(state, event);
    case 'job.done':
      return applyJobDone(state, event);
    case 'job.failed':
      return applyJobFailed(state, event);
    case 'job.collected':
      return applyJobCollected(state, event);
    case 'job.returned':
      return applyJobReturned(state, event);
    case 'job.requeued':
      return applyJobRequeued(state, event);
    case 'job.copied':
      return applyJobCopied(state, event);
    case 'job.recalled':
      return applyJobRecalled(state, event);
    case 'job.dropped':
      return applyJobDropped(state, event);
    case 'job.cancelling':
      return applyJobCancelling(state, event);
    case 'job.pausing':
      return applyJobPausing(state, event);
    case 'job.unpausing':
      return applyJobUnpausing(state, event);
    case 'job.overdue':
      return applyJobOverdue(state, event);
    case 'job.reopened':
      return applyJobReopened(state, event);
    case 'job.warned':
      return applyJobWarned(state, event);
    case 'host.left':
      return applyHostLeft(state, event);
    case 'host.ready':
      return applyHostReady(state, event);
    case 'host.lost':
      return applyHostLost(state, event);
    case 'host.failed':
      return applyHostFailed(state, event);
    default:
      return isPoolEvent(event) ? reducePool(state, event) : reduceBatch(state, event);
  }
}

function reduceBatch(
  state: BatchState,
  event: Recorded<Extract<ManagerEvent, { type: `batch.${string}` }>>,
): boolean {
  switch (event.type) {
    case 'batch.started':
      return startBatch(state, event);
    case 'batch.revised':
      return applyBatchRevised(state, event);
    case 'batch.capped':
      return applyBatchCapped(state, event);
    case 'batch.waited':
      return false;
    case 'batch.stopping':
      return applyBatchStopping(state, event);
    case 'batch.resumed':
      return applyBatchResumed(state);
    case 'batch.ended':
      state.ended = true;
      return true;
    default:
      throw refuse('an event of an unknown type', state);
  }
}

function startBatch(
  state: BatchState,
  event: Recorded<Extract<ManagerEvent, { type: 'batch.started' }>>,
): boolean {
  if (state.madeOf === state.revision && event.jobs !== state.jobs.length) {
    throw refuse(`the journal is of ${event.jobs} jobs, the batch has ${state.jobs.length}`, state);
  }
  state.batch = event.batch;
  state.startedAt = Date.parse(event.at);
  return true;
}

function refuse(what: string, state: BatchState): StateError {
  return new StateError('E_TRANSITION', { what, where: `batch ${state.batch}` });
}
