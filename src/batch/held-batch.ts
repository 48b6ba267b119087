import type { BatchDirectory } from '../journal/batch-directory.js';
import { readBatchFile } from '../journal/batch-file.js';
import { type BatchStore, openBatchStore } from '../journal/batch-store.js';
import { type LoadedBatch, loadBatch } from './load-batch.js';

/** A batch that nobody else runs or changes meanwhile: until its store is closed. */
export interface HeldBatch extends LoadedBatch {
  readonly store: BatchStore;
}

/** Takes hold of a batch that exists. Throws a StateError: it cannot be read, or another process has it (E_BATCH_HELD). */
export async function holdBatch(directory: BatchDirectory): Promise<HeldBatch> {
  const { id } = await readBatchFile(directory);
  // Held before the journal is read, so that nobody adds to it afterwards.
  const store = await openBatchStore(directory, { batch: id });
  return letGoOnError(store, async () => ({ ...(await loadBatch(directory)), store }));
}

/** Runs `act`; when it throws, the batch is let go. */
export async function letGoOnError<T>(store: BatchStore, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await store.close();
    throw error;
  }
}
