import { parseAttemptId } from '../events/attempt-id.js';
import type { BatchState } from './batch-state.js';
import type { AttemptRecord, Job } from './job.js';

/** The attempt with this id and its job; null when the batch has none. */
export function findByAttempt(
  { jobById }: Pick<BatchState, 'jobById'>,
  id: string,
): { readonly job: Job; readonly attempt: AttemptRecord } | null {
  const { job: jobId, n } = parseAttemptId(id);
  const job = jobById.get(jobId);
  const attempt = job?.attempts[n - 1];
  return job && attempt?.id === id ? { job, attempt } : null;
}
