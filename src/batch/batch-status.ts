import type { Outcome } from '../events/outcome.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { tellingAttempt } from '../queue/job.js';
import type { State } from '../queue/states.js';
import { type BatchReport, summarize } from '../report/batch-report.js';
import { nameCause } from '../report/failure-group.js';
import type { LoadedBatch } from './load-batch.js';

/** What `gpool status` shows. `schema` grows only when something is taken away. */
export interface BatchStatus extends BatchReport {
  readonly schema: 1;
  readonly name: string;
  readonly directory: string;
  readonly createdAt: string;
  /** Of the last event, ISO 8601 UTC; empty when there is none. */
  readonly lastAt: string;
  readonly ended: boolean;
  readonly stopping: string | null;
  readonly jobs: readonly JobStatus[];
}

export interface JobStatus {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly host: string | null;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly outcome: Outcome | null;
  /** Why it failed, in a few words; null unless it did. */
  readonly cause: string | null;
  /** Run time of the last attempt. */
  readonly wallMs: number | null;
  /** What a person wants of it that is not so yet, or lasts: it is to end, or rests. */
  readonly wish: 'cancelling' | 'paused' | null;
}

/** The parts of a batch that tell how it stands. */
export interface DescribedBatch extends Pick<LoadedBatch, 'directory' | 'state'> {
  readonly file: Pick<LoadedBatch['file'], 'name' | 'createdAt'>;
}

/** Sums up a batch that was read from its directory. */
export function describeBatch(batch: DescribedBatch): BatchStatus {
  const { state } = batch;
  return { ...describeStanding(batch), ...summarize(state), jobs: state.jobs.map(describeJob) };
}

/** What a batch is and whether it goes on. */
export function describeStanding({
  directory,
  file,
  state,
}: DescribedBatch): Omit<BatchStatus, 'jobs' | keyof BatchReport> {
  return {
    schema: 1,
    name: file.name,
    directory: directory.path,
    createdAt: file.createdAt,
    lastAt: state.lastAt,
    ended: state.ended,
    stopping: state.stopping,
  };
}

export function describeJob(job: Job): JobStatus {
  const last = tellingAttempt(job);
  return {
    id: job.id,
    name: job.spec.name,
    state: job.state,
    host: job.host,
    attempts: job.attempts.length,
    outcome: last?.outcome ?? null,
    cause: job.state === 'error' ? describeCause(job, last) : null,
    wallMs: last?.usage?.wallMs ?? null,
    wish: describeWish(job),
  };
}

function describeWish({ state, cancelling, paused }: Job): JobStatus['wish'] {
  if (state === 'done' || state === 'error') return null;
  if (cancelling !== null) return 'cancelling';
  return paused ? 'paused' : null;
}

/** With the exit code, also when it is something else that failed the job. */
function describeCause({ host, cancelling }: Job, attempt: AttemptRecord | null): string {
  // It was waiting, so that there was nothing to end.
  if (!attempt || (host === null && cancelling !== null)) return cancelling ?? 'not started';
  const cause = nameCause(attempt);
  return attempt.fault ? `${cause}: ${attempt.fault.what}` : cause;
}
