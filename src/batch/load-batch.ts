import type { BatchDirectory } from '../journal/batch-directory.js';
import { type BatchFile, readBatchFile } from '../journal/batch-file.js';
import { readJournal } from '../journal/journal-reader.js';
import { applyEvent } from '../queue/apply-event.js';
import { type BatchState, createBatchState } from '../queue/batch-state.js';

/** A batch as its directory tells it. */
export interface LoadedBatch {
  readonly directory: BatchDirectory;
  readonly file: BatchFile;
  readonly state: BatchState;
}

/** Reads `batch.json` and replays the journal. Changes nothing. Throws a StateError. */
export async function loadBatch(directory: BatchDirectory): Promise<LoadedBatch> {
  const file = await readBatchFile(directory);
  const state = await replayBatch(directory, file);
  if (state.revision === state.madeOf) return { directory, file, state };
  // Whoever wrote the newest revision died before the journal knew of it: it never came to be.
  const before = await readBatchFile(directory, directory.revisionFile(state.revision));
  return { directory, file: before, state: await replayBatch(directory, before) };
}

async function replayBatch(directory: BatchDirectory, file: BatchFile): Promise<BatchState> {
  const names = file.hosts.map(({ name }) => name);
  const state = createBatchState(file.specs, names, file);
  await readJournal(directory.journalFile, (event) => void applyEvent(state, event));
  return state;
}
