import { StateError } from '../errors.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { readBatchFile } from '../journal/batch-file.js';
import { lockBatch } from '../journal/batch-lock.js';
import { type Damage, JournalCopy, readDamagedJournal } from '../journal/damaged-journal.js';
import { applyEvent } from '../queue/apply-event.js';
import { type BatchState, createBatchState } from '../queue/batch-state.js';
import { loadBatch } from './load-batch.js';
import { isTooEarly, missingBefore } from './missing-events.js';

/** What could be saved of a damaged journal. */
export interface Salvage extends Damage {
  /** Events that the new journal has. */
  readonly kept: number;
  /** Unharmed events that make no sense without those that are gone. */
  readonly unfit: number;
  /** Name of the old journal, in the batch's directory. */
  readonly backup: string;
}

/**
 * Makes a new journal of what is unharmed in a damaged one, which is kept under another name. Hosts are asked anew for
 * all that they know. Null when the journal is whole: then nothing is changed. Throws a StateError when `batch.json` cannot be
 * read, when not one line is unharmed, or when another process has the batch (E_BATCH_HELD).
 */
export async function salvageBatch(directory: BatchDirectory): Promise<Salvage | null> {
  const file = await readBatchFile(directory);
  if (await isWhole(directory)) return null;
  const lock = await lockBatch(directory);
  try {
    const names = file.hosts.map(({ name }) => name);
    const state = createBatchState(file.specs, names, file);
    const copying = new Copying(state, new JournalCopy(directory, file.id), file.id);
    const damage = await readDamagedJournal(directory.journalFile, (event) => copying.take(event));
    if (copying.isEmpty) throw hopeless(directory, copying.copy);
    return { ...damage, ...copying.end(), backup: await copying.copy.replace() };
  } finally {
    lock.release();
  }
}

function hopeless({ journalFile }: BatchDirectory, copy: JournalCopy): StateError {
  copy.discard();
  return new StateError('E_JOURNAL_DAMAGED', {
    what: 'no event in it is unharmed',
    where: journalFile,
    next: 'Keep the file; restore it from a copy.',
  });
}

async function isWhole(directory: BatchDirectory): Promise<boolean> {
  try {
    await loadBatch(directory);
    return true;
  } catch (error) {
    if (error instanceof StateError && error.code === 'E_JOURNAL_DAMAGED') return false;
    throw error;
  }
}

/** Takes the events that fit onto those before them. */
class Copying {
  readonly copy: JournalCopy;
  readonly #state: BatchState;
  readonly #batch: string;
  #unfit = 0;
  #at = '';

  constructor(state: BatchState, copy: JournalCopy, batch: string) {
    this.#state = state;
    this.#batch = batch;
    this.copy = copy;
  }

  get isEmpty(): boolean {
    return this.#state.seq === 0;
  }

  take(event: Recorded): void {
    this.#at = event.at;
    if (this.#state.seq === 0 && event.type !== 'batch.started') this.#apply(this.#start());
    for (const missing of missingBefore(event, this.#state)) this.#apply(missing);
    if (isTooEarly(event, this.#state) || !this.#apply(event)) this.#unfit += 1;
  }

  /** The specs are those of the newest revision, also when the event that says so is gone. */
  end(): { readonly kept: number; readonly unfit: number } {
    const { jobs, madeOf } = this.#state;
    while (this.#state.revision < madeOf)
      this.#apply({ type: 'batch.revised', revision: this.#state.revision + 1, jobs: jobs.length });
    return { kept: this.#state.seq, unfit: this.#unfit };
  }

  #start(): GpoolEvent {
    const { jobs, hosts } = this.#state;
    return {
      type: 'batch.started',
      batch: this.#batch,
      jobs: jobs.length,
      hosts: hosts.map(({ name }) => name),
    };
  }

  /** How far a host's event file was read is forgotten, so that its news is heard again. */
  #apply(event: GpoolEvent): boolean {
    const stamp = { seq: this.#state.seq + 1, at: this.#at };
    const recorded: Recorded = { ...stamp, ...event, seq: stamp.seq };
    const copied = 'offset' in recorded ? { ...recorded, offset: 0 } : recorded;
    try {
      applyEvent(this.#state, copied);
    } catch (error) {
      if (error instanceof StateError) return false;
      throw error;
    }
    this.copy.add(copied);
    return true;
  }
}
