import { StateError } from '../errors.js';
import type { Collected, GpoolEvent, HostWarning, Recorded } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { BatchState } from './batch-state.js';
import { findByAttempt } from './find-by-attempt.js';
import { findHost, freeSlot, isReachable, moveJob, takeSlot } from './host-events.js';
import { type AttemptRecord, findAttempt, type Job } from './job.js';
import { parseTime } from './parse-time.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN } from './states.js';
import { judgeEnd } from './stop-events.js';

type JobEvent<K extends GpoolEvent['type']> = Recorded<Extract<GpoolEvent, { type: K }>>;

export function applyJobLaunched(state: BatchState, event: JobEvent<'job.launched'>): boolean {
  const job = findJob(state, event.job);
  const host = findHost(state, event.host);
  const attempt = createAttempt(state, job, event);
  moveJob(state, job, isReachable(host) ? STATE_BUSY : STATE_UNKNOWN, event.type);
  job.host = host.name;
  addAttempt(state, job, attempt);
  return true;
}

export function applyJobStarted(state: BatchState, event: JobEvent<'job.started'>): boolean {
  noteOffset(state, event);
  const attempt = openAttempt(state, event);
  if (!attempt || attempt.startedAt !== null) return false;
  attempt.slot = event.slot;
  attempt.startedAt = parseTime(event.at);
  findHost(state, attempt.host).running += 1;
  return true;
}

/** Notes how it ended and frees the slot. The job stays busy until the Manager has settled it. */
export function applyJobEnded(state: BatchState, event: JobEvent<'job.ended'>): boolean {
  noteOffset(state, event);
  const attempt = openAttempt(state, event);
  if (!attempt) return noteLate(state, event);
  attempt.usage = event.usage;
  if (!event.inferred && !attempt.settled) attempt.output = event.output;
  closeAttempt(state, attempt, judgeEnd(attempt, event.outcome));
  return true;
}

/** Changes nothing but what is told at the end. */
export function applyJobWarned(state: BatchState, event: JobEvent<'job.warned'>): boolean {
  noteOffset(state, event);
  const { attempt, host, text } = event;
  return warn(state, { host, attempt, text });
}

export function applyHostLeft(state: BatchState, { host, text }: JobEvent<'host.left'>): boolean {
  return warn(state, { host, attempt: null, text });
}

export function applyJobDone(state: BatchState, event: JobEvent<'job.done'>): boolean {
  const found = findDecidable(state, event);
  if (!found) return false;
  const { job, attempt } = found;
  if (attempt.outcome?.kind !== 'succeeded') throw refuse(job, `attempt ${attempt.id} did not succeed`);
  moveJob(state, job, STATE_DONE, event.type);
  decide(job, attempt);
  attempt.collected = compactCollected(event.collected);
  findHost(state, attempt.host).done += 1;
  state.tally.done += 1;
  return true;
}

export function applyJobFailed(state: BatchState, event: JobEvent<'job.failed'>): boolean {
  const found = findDecidable(state, event);
  if (!found) return false;
  const { job, attempt } = found;
  moveJob(state, job, STATE_ERROR, event.type);
  decide(job, attempt);
  closeAttempt(state, attempt, event.outcome);
  if (attempt.outcome?.kind === 'recalled') attempt.outcome = event.outcome;
  attempt.fault = event.fault;
  attempt.collected = event.collected && compactCollected(event.collected);
  findHost(state, attempt.host).failed += 1;
  state.tally.failed += 1;
  return true;
}

export function applyJobRequeued(state: BatchState, event: JobEvent<'job.requeued'>): boolean {
  const found = findDecidable(state, event);
  if (!found) return false;
  const { job, attempt } = found;
  const fault = 'kind' in event.reason ? null : event.reason;
  moveJob(state, job, STATE_FREE, event.type);
  closeAttempt(state, attempt, 'kind' in event.reason ? event.reason : { kind: 'lost', fault: event.reason });
  attempt.fault = fault;
  attempt.counted = event.counted;
  attempt.cost = event.cost ?? 1;
  job.notBefore = event.notBefore ?? 0;
  letGo(job);
  job.host = null;
  return true;
}

/** The job and attempt that a conclusion of the Manager is about; null when the attempt can decide nothing any more. */
export function findDecidable(
  state: BatchState,
  event: { readonly job: string; readonly attempt: string },
): { readonly job: Job; readonly attempt: AttemptRecord } | null {
  const job = findJob(state, event.job);
  const attempt = findAttempt(job, event.attempt);
  if (!attempt) throw refuse(job, `it has no attempt ${event.attempt}`);
  return attempt.settled && job.decidedBy !== attempt ? null : { job, attempt };
}

/** The record of the job's next attempt. Changes nothing. */
export function createAttempt(
  state: BatchState,
  job: Job,
  { type, attempt, host, at }: JobEvent<'job.launched' | 'job.copied'>,
): AttemptRecord {
  const n = job.attempts.length + 1;
  if (attempt !== `${job.id}.${n}`) throw refuse(job, `attempt ${attempt} is not its next one`);
  return {
    id: attempt,
    n,
    host,
    launchedAt: parseTime(at),
    revision: state.revision,
    copy: type === 'job.copied',
    slot: null,
    startedAt: null,
    outcome: null,
    usage: null,
    output: null,
    late: null,
    orphaned: 'no',
    fault: null,
    collected: null,
    counted: true,
    cost: 1,
    overdue: false,
    halted: false,
    recalled: false,
    settled: false,
  };
}

/** Gives the job one more attempt, which takes a slot of its host. */
export function addAttempt(state: BatchState, job: Job, attempt: AttemptRecord): void {
  // No spread: that leaves room for more.
  job.attempts = job.attempts.length === 0 ? [attempt] : job.attempts.concat(attempt);
  takeSlot(state, findHost(state, attempt.host));
}

/**
 * The attempt that a host's news is about, while that can still change anything. A host's word is not trusted: what
 * it says of an attempt that it does not hold is passed over.
 */
function openAttempt(
  state: BatchState,
  news: { readonly host: string; readonly attempt: string },
): AttemptRecord | null {
  const attempt = findByAttempt(state, news.attempt)?.attempt;
  if (attempt?.host !== news.host) return null;
  return attempt.outcome === null ? attempt : null;
}

/** A good end of what counts as lost: it moves nothing by itself. */
function noteLate(state: BatchState, { attempt: id, host, ...end }: JobEvent<'job.ended'>): false {
  const attempt = findByAttempt(state, id)?.attempt;
  const isLate =
    attempt?.host === host && attempt.outcome?.kind === 'lost' && end.outcome.kind === 'succeeded';
  if (!isLate || end.inferred) return false;
  attempt.late = end.output;
  attempt.usage = end.usage;
  return false;
}

function decide(job: Job, attempt: AttemptRecord): void {
  letGo(job);
  job.decidedBy = attempt;
  job.host = attempt.host;
}

/** None of the attempts made so far can decide the job from now on. */
function letGo({ attempts }: Job): void {
  for (const attempt of attempts) {
    attempt.settled = true;
    attempt.output = null;
  }
}

/** Notes how the attempt ended, once; from then on it takes no slot. */
export function closeAttempt(state: BatchState, attempt: AttemptRecord, outcome: Outcome): void {
  if (attempt.outcome !== null) return;
  attempt.outcome = outcome.kind === 'succeeded' ? SUCCEEDED : outcome;
  freeSlot(state, findHost(state, attempt.host), attempt.startedAt !== null);
}

function warn({ warnings }: BatchState, warning: HostWarning): boolean {
  if (warnings.length < MOST_WARNINGS) warnings.push(warning);
  return false;
}

function noteOffset(state: BatchState, news: { readonly host: string; readonly offset: number }): void {
  state.offsets[findHost(state, news.host).name] = news.offset;
}

/** Shares what says nothing. */
export function compactCollected(collected: Collected): Collected {
  const { stdoutBytes, stderrBytes, files, missing, skipped } = collected;
  const empty = stdoutBytes + stderrBytes + files.length + missing.length + skipped.length === 0;
  return empty ? NOTHING_COLLECTED : collected;
}

/** Throws a StateError (E_TRANSITION) for a job that is not in the batch. */
export function findJob(state: BatchState, id: string): Job {
  const job = state.jobById.get(id);
  if (job) return job;
  throw new StateError('E_TRANSITION', {
    what: `there is no job ${id} in this batch`,
    where: `batch ${state.batch}`,
  });
}

/** For an event that cannot be. */
export function refuse(job: Job, what: string): StateError {
  return new StateError('E_TRANSITION', { what, where: `job ${job.id} (${job.spec.name})` });
}

const MOST_WARNINGS = 1000;
/** Shared, so that a million jobs stay small. */
export const SUCCEEDED: Outcome = { kind: 'succeeded' };
const NOTHING_COLLECTED: Collected = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
