import type { Job } from '../queue/job.js';
import { tellingAttempt } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE } from '../queue/states.js';
import { summarize } from '../report/batch-report.js';
import { type BatchStatus, type DescribedBatch, describeJob, describeStanding } from './batch-status.js';

/** A BatchStatus without the jobs that nobody looks at: a million of them take longer to tell than to run. */
export interface BatchOverview extends BatchStatus {
  /** How many jobs are not done. `jobs` are the first of them. */
  readonly open: number;
  /** How many have ended on their hosts, their results not here yet. */
  readonly toFetch: number;
}

/** Sums up a batch, with at most `most` of the jobs that are not done. */
export function describeOverview(batch: DescribedBatch, most: number): BatchOverview {
  const { state } = batch;
  const { jobQueue } = state;
  const toFetch = jobQueue.inState(STATE_BUSY).filter((job) => tellingAttempt(job)?.outcome).length;
  const open = state.jobs.length - jobQueue.count(STATE_DONE);
  const jobs = listOpen(state.jobs, Math.min(most, open)).map(describeJob);
  return { ...describeStanding(batch), ...summarize(state), jobs, open, toFetch };
}

function listOpen(jobs: readonly Job[], most: number): readonly Job[] {
  const found: Job[] = [];
  for (const job of jobs) {
    if (found.length >= most) break;
    if (job.state !== STATE_DONE) found.push(job);
  }
  return found;
}
