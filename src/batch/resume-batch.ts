import type { BatchDirectory } from '../journal/batch-directory.js';
import { STATE_FREE } from '../queue/states.js';
import type { BatchRun } from './batch-run.js';
import type { Contact } from './create-network.js';
import { createRun, holdBatch, letGoOnError } from './held-batch.js';
import { refreshInputs } from './revise-batch.js';

export interface ResumeRequest extends Contact {
  readonly directory: BatchDirectory;
  /** What relative paths start from. */
  readonly cwd: string;
  readonly onLogError: (error: unknown) => void;
}

/**
 * Goes on with a batch whose controller has gone: what runs is adopted, what ended is collected, what was never started is
 * launched. Throws a StateError when the batch cannot be read, or when another process runs it (E_BATCH_HELD).
 */
export async function resumeBatch(request: ResumeRequest): Promise<BatchRun> {
  const { directory, cwd, onLogError, ...contact } = request;
  const held = await holdBatch(directory);
  return letGoOnError(held.store, async () => {
    const current = await refreshInputs(held, held.state.jobQueue.inState(STATE_FREE), cwd);
    return createRun(current, { contact, onLogError });
  });
}
