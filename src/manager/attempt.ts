import { StateError } from '../errors.js';
import type { Attempt } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';

/**
 * The work order for an attempt. The job sees its sweep values, then the spec's own environment, then gpool's
 * variables: a later one hides an earlier one of the same name. GPOOL_INDEX counts from 1, as the job's id does.
 */
export function createAttempt(batch: string, job: Job, { id, n, host }: AttemptRecord): Attempt {
  const { spec } = job;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(spec.values)) env[name] = String(value);
  Object.assign(env, spec.env, {
    GPOOL_BATCH: batch,
    GPOOL_JOB: job.id,
    GPOOL_ATTEMPT: String(n),
    GPOOL_INDEX: String(job.index + 1),
    GPOOL_REPEAT: String(spec.repeat),
  });
  return { id, job: job.id, n, host, spec, env };
}

/** The attempt that a launched job is on. */
export function currentAttempt(job: Job): AttemptRecord {
  const attempt = job.attempts[job.attempts.length - 1];
  if (attempt) return attempt;
  throw new StateError('E_INTERNAL', { what: 'the job was never launched', where: `job ${job.id}` });
}

/** Attempts that were handed out and have not ended. */
export function listOpenAttempts(batch: string, { jobQueue }: BatchState): Attempt[] {
  const handed = [...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)];
  return handed
    .map((job) => ({ job, attempt: currentAttempt(job) }))
    .filter(({ attempt }) => attempt.outcome === null)
    .map(({ job, attempt }) => createAttempt(batch, job, attempt));
}
