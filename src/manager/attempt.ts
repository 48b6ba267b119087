import type { Attempt } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import type { JobSpec } from '../spec/job-spec.js';
import { isPlaceholderOnly } from '../spec/variable-names.js';

/**
 * The work order for an attempt. The job sees its sweep values (but those whose names mean something to bash), then the spec's own environment, then gpool's
 * variables: a later one hides an earlier one of the same name. GPOOL_INDEX counts from 1, as the job's id does. `spec` is the job's
 * own, unless it has another time limit for this attempt.
 */
export function createAttempt(
  batch: string,
  job: Job,
  {
    id,
    n,
    host,
    output = null,
  }: Pick<AttemptRecord, 'id' | 'n' | 'host'> & Partial<Pick<AttemptRecord, 'output'>>,
  spec: JobSpec = job.spec,
): Attempt {
  const env: Record<string, string> = {};
  for (const name in spec.values) if (!isPlaceholderOnly(name)) env[name] = String(spec.values[name]);
  Object.assign(env, spec.env, {
    GPOOL_BATCH: batch,
    GPOOL_JOB: job.id,
    GPOOL_ATTEMPT: String(n),
    GPOOL_INDEX: String(job.index + 1),
    GPOOL_REPEAT: String(spec.repeat),
  });
  return { id, job: job.id, n, host, spec, env, ...(output && { output }) };
}

/** Attempts that were handed out and have not ended, those that are needed no more among them. */
export function listOpenAttempts(batch: string, { jobs, jobQueue, hosts }: BatchState): Attempt[] {
  const openOf = (some: readonly Job[]): Attempt[] =>
    some.flatMap((job) =>
      job.attempts
        .filter(({ outcome }) => outcome === null)
        .map((attempt) => createAttempt(batch, job, attempt)),
    );
  const open = openOf([...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)]);
  const handed = hosts.reduce((sum, host) => sum + host.handed, 0);
  // Some belong to jobs that are decided: rare, and only then worth a look at all jobs.
  return open.length === handed ? open : openOf(jobs);
}
