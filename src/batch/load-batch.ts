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
  return { directory, file, state: await replayBatch(directory, file) };
}

/** The state that the journal of a batch tells of. Throws a StateError. */
export async function replayBatch(directory: BatchDirectory, file: BatchFile): Promise<BatchState> {
  const state = createBatchState(
    file.specs,
    file.hosts.map(({ name }) => name),
  );
  await readJournal(directory.journalFile, (event) => void applyEvent(state, event));
  return state;
}
