import type { BatchDirectory } from '../journal/batch-directory.js';
import { type BatchFile, readBatchFile } from '../journal/batch-file.js';
import { type JournalTail, readJournal } from '../journal/journal-reader.js';
import { applyEvent } from '../queue/apply-event.js';
import { type BatchState, createBatchState } from '../queue/batch-state.js';
import { hasJoblogLine } from '../report/joblog.js';

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
  /** How many lines its joblog should have, the first not counted. */
  readonly joblogLines: number;
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
): Promise<Pick<ReadBatch, 'state' | 'tail' | 'joblogLines'>> {
  const names = file.hosts.map(({ name }) => name);
  const state = createBatchState(file.specs, names, file);
  let joblogLines = 0;
  const tail = await readJournal(directory.journalFile, (event) => {
    applyEvent(state, event);
    if (hasJoblogLine(event)) joblogLines += 1;
  });
  return { state, tail, joblogLines };
}
