import { BatchDirectory } from '../journal/batch-directory.js';
import { findBatchHolder } from '../journal/batch-lock.js';
import { countJobs } from '../queue/batch-state.js';
import { type AttemptRecord, tellingAttempt } from '../queue/job.js';
import { hasSkipped } from '../queue/left-behind.js';
import { loadBatch } from './load-batch.js';

/**
 * Whether nothing on a host is needed any more for the batch in this directory: every job is done or given up, all that it left
 * was fetched, and nobody runs it. False also when the directory cannot be read, or holds another batch.
 */
export async function isBatchOver(path: string, batch: string): Promise<boolean> {
  const directory = new BatchDirectory(path);
  try {
    if ((await findBatchHolder(directory)) !== null) return false;
    const { file, state } = await loadBatch(directory);
    const { free, busy, unknown } = countJobs(state);
    if (file.id !== batch || free + busy + unknown > 0) return false;
    return state.jobs.every((job) => {
      const attempt = tellingAttempt(job);
      return attempt === null || isFetched(attempt);
    });
  } catch {
    return false;
  }
}

/** An attempt that never ran, or whose host has lost it, has left nothing to fetch. */
function isFetched(attempt: AttemptRecord): boolean {
  const { collected, startedAt, outcome } = attempt;
  if (hasSkipped(attempt)) return false;
  if (collected !== null || outcome?.kind === 'lost') return true;
  // An end without a start is one that no event told.
  return startedAt === null && outcome?.kind !== 'succeeded' && outcome?.kind !== 'failed';
}
