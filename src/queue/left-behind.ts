import type { ErrorCode } from '../errors.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { BatchState } from './batch-state.js';
import { findHost, moveJob } from './host-events.js';
import type { AttemptRecord, Job } from './job.js';
import { compactCollected, findJob } from './job-events.js';
import { STATE_DONE, STATE_ERROR } from './states.js';

/**
 * The attempt that decided a job which gave up only because what it left could not be fetched: its host has that still, and it
 * can be fetched later. Null for every other job.
 */
export function leftBehind({ state, decidedBy }: Job): AttemptRecord | null {
  if (state !== STATE_ERROR || decidedBy === null) return null;
  const { collected, outcome, fault } = decidedBy;
  if (collected !== null || fault === null || outcome === null || NOTHING_LEFT.has(outcome.kind)) return null;
  return GONE.has(fault.code) ? null : decidedBy;
}

/** All jobs with results that wait on their hosts. O(jobs that gave up). */
export function listLeftBehind({
  jobQueue,
}: Pick<BatchState, 'jobQueue'>): { job: Job; attempt: AttemptRecord }[] {
  return jobQueue.inState(STATE_ERROR).flatMap((job) => {
    const attempt = leftBehind(job);
    return attempt ? [{ job, attempt }] : [];
  });
}

/** The hosts that must not be cleaned: they have results that are nowhere else. */
export function keepingHosts(state: Pick<BatchState, 'jobQueue' | 'jobs'>): ReadonlySet<string> {
  const left = listLeftBehind(state).map(({ attempt }) => attempt);
  const skipping = state.jobs.flatMap(({ decidedBy }) =>
    decidedBy && hasSkipped(decidedBy) ? decidedBy : [],
  );
  return new Set([...left, ...skipping].map(({ host }) => host));
}

/** Whether a file of its returns could not be fetched and never will: under that name it cannot be kept here. */
export function hasSkipped({ collected }: AttemptRecord): boolean {
  return collected?.skipped.some(({ data }) => data) ?? false;
}

/** The job takes the state that its attempt's exit record says. */
export function applyJobCollected(
  state: BatchState,
  event: Recorded<Extract<GpoolEvent, { type: 'job.collected' }>>,
): boolean {
  const job = findJob(state, event.job);
  const attempt = leftBehind(job);
  if (attempt?.id !== event.attempt) return false;
  const isDone = event.fault === null && attempt.outcome?.kind === 'succeeded';
  moveJob(state, job, isDone ? STATE_DONE : STATE_ERROR, event.type);
  attempt.fault = event.fault;
  attempt.collected = compactCollected(event.collected);
  if (isDone) countAsDone(state, attempt.host);
  return true;
}

function countAsDone(state: BatchState, name: string): void {
  const host = findHost(state, name);
  host.failed -= 1;
  host.done += 1;
  state.tally.failed = Math.max(0, state.tally.failed - 1);
  state.tally.done += 1;
}

/** Such an attempt never ran, or its host has no record of it. */
const NOTHING_LEFT: ReadonlySet<Outcome['kind']> = new Set(['lost', 'recalled']);
/** What the host had is gone, or was given up by a person. */
const GONE: ReadonlySet<ErrorCode> = new Set(['E_STORE_GONE', 'E_HOST_REMOVED']);
