import type { BatchDirectory } from '../journal/batch-directory.js';
import { readBatchFile } from '../journal/batch-file.js';
import { openBatchStore } from '../journal/batch-store.js';
import { BatchRun } from './batch-run.js';
import { type Contact, createNetwork } from './create-network.js';
import { replayBatch } from './load-batch.js';

export interface ResumeRequest extends Contact {
  readonly directory: BatchDirectory;
  readonly onLogError: (error: unknown) => void;
}

/**
 * Goes on with a batch whose controller has gone: what runs is adopted, what ended is collected, what was never started is
 * launched. Throws a StateError when the batch cannot be read, or when another process runs it (E_BATCH_HELD).
 */
export async function resumeBatch({ directory, onLogError, ...contact }: ResumeRequest): Promise<BatchRun> {
  const file = await readBatchFile(directory);
  const { id, name, specs, hosts, options } = file;
  // Held before the journal is read, so that nobody adds to it afterwards.
  const store = await openBatchStore(directory, { batch: id });
  const state = await replayBatch(directory, file).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  return new BatchRun({
    id,
    name,
    specs,
    directory,
    store,
    options,
    state,
    network: createNetwork(hosts, options, contact),
    contact,
    joblogs: [directory.joblogFile],
    onLogError,
  });
}
