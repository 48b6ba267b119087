import type { BatchDirectory } from '../journal/batch-directory.js';
import { openBatchStore } from '../journal/batch-store.js';
import { BatchRun } from './batch-run.js';
import { type Contact, createNetwork } from './create-network.js';
import { loadBatch } from './load-batch.js';

export interface ResumeRequest extends Contact {
  readonly directory: BatchDirectory;
  readonly onLogError: (error: unknown) => void;
}

/**
 * Goes on with a batch whose controller has gone: what runs is adopted, what ended is collected, what was never started is
 * launched. Throws a StateError when the batch cannot be read.
 */
export async function resumeBatch({ directory, onLogError, ...contact }: ResumeRequest): Promise<BatchRun> {
  const { file, state } = await loadBatch(directory);
  const { id, name, specs, hosts, options } = file;
  return new BatchRun({
    id,
    name,
    specs,
    directory,
    store: await openBatchStore(directory, { batch: id }),
    options,
    state,
    network: createNetwork(hosts, options, contact),
    contact,
    joblogs: [directory.joblogFile],
    onLogError,
  });
}
