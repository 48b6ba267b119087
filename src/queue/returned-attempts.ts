import type { ErrorCode, Fault } from '../errors.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';
import { findHost, isReachable, launchedState, moveJob } from './host-events.js';
import { type AttemptRecord, findAttempt, type Job, liveAttempts } from './job.js';
import { findJob, SUCCEEDED } from './job-events.js';
import { STATE_DONE, STATE_ERROR } from './states.js';

/**
 * Whether the attempt counted as lost, ended well all the same, and can still decide its job: what it left can be fetched, it was
 * to run what is wanted now, and no other attempt has begun.
 */
export function mayReturn(state: BatchState, job: Job, attempt: AttemptRecord): boolean {
  if (isSettled(job) || !attempt.settled || !endedWell(attempt)) return false;
  if (attempt.n <= job.budgetFrom || attempt.revision !== state.revision) return false;
  return isReachable(findHost(state, attempt.host)) && !liveAttempts(job).some(hasBegun);
}

/** The attempt is under way again, as one that has ended and is still to be fetched. */
export function applyJobReturned(
  state: BatchState,
  event: Recorded<Extract<GpoolEvent, { type: 'job.returned' }>>,
): boolean {
  const job = findJob(state, event.job);
  const attempt = findAttempt(job, event.attempt);
  if (!attempt || !mayReturn(state, job, attempt)) return false;
  attempt.settled = false;
  attempt.outcome = SUCCEEDED;
  attempt.output = attempt.late;
  attempt.late = null;
  attempt.fault = null;
  attempt.counted = true;
  job.host = attempt.host;
  moveJob(state, job, launchedState(state, job), event.type);
  return true;
}

/** Done, or given up. */
export function isSettled({ state }: Job): boolean {
  return state === STATE_DONE || state === STATE_ERROR;
}

/** Its host said so too late, or said so and was silent before anything was fetched. */
function endedWell({ outcome, late, fault }: AttemptRecord): boolean {
  if (outcome?.kind === 'lost') return late !== null;
  return outcome?.kind === 'succeeded' && fault !== null && isAway(fault);
}

/** As far as its host has told. */
function hasBegun({ startedAt, outcome }: AttemptRecord): boolean {
  return startedAt !== null || (outcome !== null && outcome.kind !== 'recalled' && outcome.kind !== 'lost');
}

/** Whether a host that could not be asked, or was let go of, has more to say: it is no fault of what it had. */
export function isAway({ code }: Fault): boolean {
  return AWAY.has(code);
}

const AWAY: ReadonlySet<ErrorCode> = new Set(['E_HOST_SILENT', 'E_HOST_REMOVED']);
