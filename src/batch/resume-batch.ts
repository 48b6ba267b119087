import type { BatchDirectory } from '../journal/batch-directory.js';
import { STATE_FREE } from '../queue/states.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';
import type { BatchRun } from './batch-run.js';
import { checkDescriptors } from './check-descriptors.js';
import type { Contact } from './create-network.js';
import { createRun } from './create-run.js';
import { holdBatch, letGoOnError } from './held-batch.js';
import { poolHosts, replaceHosts } from './replace-hosts.js';
import { recordEvents, refreshInputs } from './revise-batch.js';

export interface ResumeRequest extends Contact {
  readonly directory: BatchDirectory;
  /** What relative paths start from. */
  readonly cwd: string;
  /** Other hosts than those that it has. What one that is not among them has stays unknown. @default the same */
  readonly hosts?: readonly Host[] | undefined;
  /** What is otherwise from now on than `batch.json` says, as long as this process runs the batch. @default nothing */
  readonly options?: BatchOptions | undefined;
  readonly onLogError: (error: unknown) => void;
}

/**
 * Goes on with a batch whose controller has gone: what runs is adopted, what ended is collected, what was never started is
 * launched. Throws a StateError when the batch cannot be read, or when another process runs it (E_BATCH_HELD).
 */
export async function resumeBatch(request: ResumeRequest): Promise<BatchRun> {
  const { directory, cwd, hosts, options, onLogError, ...contact } = request;
  const held = await holdBatch(directory);
  return letGoOnError(held.store, async () => {
    const pooled = hosts ? await recordEvents(held, replaceHosts(held, hosts)) : held;
    await checkDescriptors(hosts ?? poolHosts(held), { ...held.file.options, ...contact.connection });
    const current = await refreshInputs(pooled, pooled.state.jobQueue.inState(STATE_FREE), cwd);
    return createRun(current, { contact, hosts, options, onLogError });
  });
}
