import { type BatchDirectory, openBatchDirectory } from '../journal/batch-directory.js';
import { type BatchStore, openBatchStore } from '../journal/batch-store.js';
import { completeViews } from './complete-views.js';
import { type LoadedBatch, loadBatch, type ReadBatch } from './load-batch.js';

/** A batch that nobody else runs or changes meanwhile: until its store is closed. */
export interface HeldBatch extends LoadedBatch {
  readonly store: BatchStore;
}

/** Takes hold of a batch that exists. Throws a StateError: it cannot be read, or another process has it (E_BATCH_HELD). */
export async function holdBatch(directory: BatchDirectory): Promise<HeldBatch> {
  await openBatchDirectory(directory.path);
  let loaded: Promise<ReadBatch> | undefined;
  // Read while it is held, so that nobody adds to the journal afterwards.
  const read = async () => {
    loaded = loadBatch(directory);
    const { file, tail } = await loaded;
    return { batch: file.id, tail };
  };
  const store = await openBatchStore(directory, { read });
  return letGoOnError(store, async () => {
    const batch = await (loaded ?? loadBatch(directory));
    await completeViews(batch);
    return { ...batch, store };
  });
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
