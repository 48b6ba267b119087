import { parseDigits } from '../events/attempt-id.js';
import type { BatchState } from './batch-state.js';
import type { AttemptRecord, Job } from './job.js';

/** The attempt with this id and its job; null when the batch has none. */
export function findByAttempt(
  { jobById }: Pick<BatchState, 'jobById'>,
  id: string,
): { readonly job: Job; readonly attempt: AttemptRecord } | null {
  const dot = id.lastIndexOf('.');
  const job = jobById.at(parseDigits(id, 0, dot) - 1);
  const attempt = job?.attempts[parseDigits(id, dot + 1) - 1];
  return job && attempt?.id === id ? { job, attempt } : null;
}
