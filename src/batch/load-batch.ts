import type { BatchDirectory } from '../journal/batch-directory.js';
import { type BatchFile, readBatchFile } from '../journal/batch-file.js';
import { type JournalTail, readJournal } from '../journal/journal-reader.js';
import { applyEvent } from '../queue/apply-event.js';
import { type BatchState, createBatchState } from '../queue/batch-state.js';

/** A batch as its directory tells it. */
export interface LoadedBatch {
  readonly directory: BatchDirectory;
  readonly file: BatchFile;
  readonly state: BatchState;
}

/** The same as it was read a moment ago. */
export interface ReadBatch extends LoadedBatch {
  /** Where the good part of its journal ended. */
  readonly tail: JournalTail;
}

/** Reads `batch.json` and replays the journal. Changes nothing. Throws a StateError. */
export async function loadBatch(directory: BatchDirectory): Promise<ReadBatch> {
  const file = await readBatchFile(directory);
  const replayed = await replayBatch(directory, file);
  const { state } = replayed;
  if (state.revision === state.madeOf) return { directory, file, ...replayed };
  // Whoever wrote the newest revision died before the journal knew of it: it never came to be.
  const before = await readBatchFile(directory, directory.revisionFile(state.revision));
  return { directory, file: before, ...(await replayBatch(directory, before)) };
}

async function replayBatch(
  directory: BatchDirectory,
  file: BatchFile,
): Promise<Pick<ReadBatch, 'state' | 'tail'>> {
  const names = file.hosts.map(({ name }) => name);
  const state = createBatchState(file.specs, names, file);
  const tail = await readJournal(directory.journalFile, (event) => void applyEvent(state, event));
  return { state, tail };
}
