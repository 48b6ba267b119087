import type { GpoolEvent } from '../events/event.js';
import { type BatchFile, reviseBatchFile } from '../journal/batch-file.js';
import type { Job } from '../queue/job.js';
import type { HeldBatch } from './held-batch.js';
import { changedSources, digestReadable } from './input-digests.js';
import { loadBatch } from './load-batch.js';

/** What a revision may change. */
export type Changes = Partial<
  Pick<BatchFile, 'specs' | 'removed' | 'cwd' | 'inputs' | 'hosts' | 'options' | 'name'>
>;

/** Records what was decided before the batch is run, and answers the batch as it is then. */
export async function recordEvents(held: HeldBatch, events: readonly GpoolEvent[]): Promise<HeldBatch> {
  if (events.length === 0) return held;
  await held.store.record(events);
  return { ...(await loadBatch(held.directory)), store: held.store };
}

/**
 * Replaces `batch.json` by its next revision and records `events` with it. The last line that is recorded makes it hold: a
 * controller that dies on the way leaves the batch as it was, at most with jobs that wait again.
 */
export async function reviseBatch(
  held: HeldBatch,
  changes: Changes,
  events: readonly GpoolEvent[] = [],
): Promise<HeldBatch> {
  const { revision = 1, specs } = await reviseBatchFile(held.directory, held.file, changes);
  return recordEvents(held, [...events, { type: 'batch.revised', revision, jobs: specs.length }]);
}

/**
 * Notes what the inputs of these jobs, which are about to run, hold by now: a job is known by what it was given. Inputs that
 * cannot be read are left out, their jobs will say so. `onChanged` hears first which are not what was noted before, or are gone,
 * and may throw: then nothing is changed.
 */
export async function refreshInputs(
  held: HeldBatch,
  jobs: readonly Job[],
  cwd: string,
  onChanged: (sources: readonly string[]) => void = () => undefined,
): Promise<HeldBatch> {
  const specs = jobs.map(({ spec }) => spec);
  const inputs = await digestReadable(specs, cwd);
  const known = held.file.inputs ?? {};
  const changed = changedSources(specs, known, inputs);
  if (changed.length > 0) onChanged(changed);
  if (Object.entries(inputs).every(([source, digest]) => known[source] === digest)) return held;
  return reviseBatch(held, { inputs: { ...known, ...inputs } });
}
