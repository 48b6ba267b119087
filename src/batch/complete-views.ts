import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { readJournal } from '../journal/journal-reader.js';
import { applyEvent } from '../queue/apply-event.js';
import { createBatchState } from '../queue/batch-state.js';
import { joblogLineOf } from '../report/joblog.js';
import { JoblogGaps } from '../report/joblog-gaps.js';
import type { LoadedBatch, ReadBatch } from './load-batch.js';
import { LogGap } from './log-gap.js';

/**
 * Adds to the joblogs and to `log.jsonl` what the journal has and they have not: a controller that was killed, or whose disk was full,
 * had no time for it. For a batch that is held. A file that cannot be written harms nothing: who writes to it next will say so.
 */
export async function completeViews(batch: ReadBatch): Promise<void> {
  const { directory, state, joblogLines } = batch;
  if (state.seq === 0) return;
  const joblogs = joblogPaths(batch).map((path) => new JoblogGaps(path));
  const log = new LogGap(directory.logFile, state.seq);
  const [own, ...others] = joblogs;
  if (own?.lines === joblogLines && others.length === 0 && log.isWhole) return;
  await replay(batch, (event, line) => {
    log.take(event);
    if (line !== null) for (const joblog of joblogs) joblog.take(line);
  });
  for (const view of [...joblogs, log]) view.fill();
}

/** All joblogs of a batch; its own comes first. */
export function joblogPaths({
  directory,
  file,
}: Pick<LoadedBatch, 'file'> & { readonly directory: BatchDirectory }): string[] {
  return [directory.joblogFile, ...(file.joblog === undefined ? [] : [file.joblog])];
}

async function replay(
  { directory, file }: LoadedBatch,
  onEvent: (event: Recorded, line: string | null) => void,
): Promise<void> {
  const names = file.hosts.map(({ name }) => name);
  const state = createBatchState(file.specs, names, file);
  await readJournal(directory.journalFile, (event) => {
    applyEvent(state, event);
    onEvent(event, joblogLineOf(event, state));
  });
}
