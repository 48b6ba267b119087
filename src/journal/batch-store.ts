import { basename } from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import type { BatchDirectory } from './batch-directory.js';
import { type BatchLock, lockBatch } from './batch-lock.js';
import { EventStamp } from './event-stamp.js';
import { type JournalFile, openJournalFile } from './journal-file.js';
import { formatJournalLine, JOURNAL_VERSION } from './journal-line.js';
import { type JournalTail, readJournal } from './journal-reader.js';
import { JournalWriter } from './journal-writer.js';
import { explainWrites, isErrno, makePrivateFile } from './private-file.js';
import { raiseVersion } from './raise-version.js';

/** Where a batch keeps what happened. */
export interface BatchStore {
  /** Absolute; null when nothing is kept. */
  readonly directory: string | null;
  /**
   * Gives the events their number and time and resolves once they are durable. Order is that of the calls. Rejects with
   * a StateError (E_JOURNAL), from then on always. `batch.waited` gets number 0 and is not kept.
   */
  record(events: readonly GpoolEvent[]): Promise<readonly Recorded[]>;
  /** Where what an attempt left is kept; null when nothing is. Not made here. */
  attemptDirectory(job: string, n: number): string | null;
  /** Resolves once everything recorded is on the disk, and lets go of the batch. Idempotent. */
  close(): Promise<void>;
}

export interface BatchStoreOptions {
  readonly clock?: Clock;
  /** The batch's id, for the first line of a new journal. @default the directory's name */
  readonly batch?: string;
  /** Reads the batch once it is held, and tells its id and what `readJournal` answered. @default only the journal */
  readonly read?: () => Promise<{ readonly batch: string; readonly tail: JournalTail }>;
  /** How the journal is opened, from `bytes` on. */
  readonly openFile?: (path: string, bytes: number) => Promise<JournalFile>;
}

/**
 * Starts the journal of a new batch, or goes on with the one that is there, after cutting off a torn end. Holds the batch
 * until `close`. Throws a StateError when another process holds it (E_BATCH_HELD), when the journal is damaged or newer, or
 * when it cannot be written.
 */
export async function openBatchStore(
  directory: BatchDirectory,
  options: BatchStoreOptions = {},
): Promise<BatchStore> {
  const lock = await explainWrites(directory.journalFile, () => lockBatch(directory));
  try {
    return await openJournalStore(directory, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openJournalStore(
  directory: BatchDirectory,
  lock: BatchLock,
  options: BatchStoreOptions,
): Promise<BatchStore> {
  const { clock = systemClock, batch: id = basename(directory.path), openFile = openJournalFile } = options;
  const { journalFile } = directory;
  const readAlone = async () => ({ batch: id, tail: await readJournal(journalFile, () => undefined) });
  const opened = await explainWrites(journalFile, async () => {
    await createUnlessThere(journalFile);
    const { batch, tail } = await (options.read ?? readAlone)();
    if (tail.header) await raiseVersion(journalFile, tail.header);
    return { batch, tail, file: await openFile(journalFile, tail.bytes) };
  });
  const journal = new JournalWriter(opened.file, journalFile);
  if (opened.tail.header === null) await begin(journal, opened.batch);
  return new JournalStore(directory, lock, journal, new EventStamp(clock, opened.tail.seq));
}

/** Keeps nothing: for tests, simulations, and batches of no interest afterwards. */
export function memoryStore({ clock = systemClock }: { readonly clock?: Clock } = {}): BatchStore {
  const stamp = new EventStamp(clock, 0);
  return {
    directory: null,
    record: async (events) => events.map((event) => stamp.mark(event)),
    attemptDirectory: () => null,
    close: () => Promise.resolve(),
  };
}

class JournalStore implements BatchStore {
  readonly directory: string;
  readonly #places: BatchDirectory;
  readonly #lock: BatchLock;
  readonly #journal: JournalWriter;
  readonly #stamp: EventStamp;

  constructor(places: BatchDirectory, lock: BatchLock, journal: JournalWriter, stamp: EventStamp) {
    this.directory = places.path;
    this.#places = places;
    this.#lock = lock;
    this.#journal = journal;
    this.#stamp = stamp;
  }

  async record(events: readonly GpoolEvent[]): Promise<readonly Recorded[]> {
    const recorded = events.map((event) => this.#stamp.mark(event));
    let text = '';
    for (const event of recorded) if (event.seq > 0) text += formatJournalLine(event);
    if (text !== '') await this.#journal.append(text);
    return recorded;
  }

  attemptDirectory(job: string, n: number): string {
    return this.#places.attemptDirectory(job, n);
  }

  close(): Promise<void> {
    return this.#journal.close().finally(() => this.#lock.release());
  }
}

async function begin(journal: JournalWriter, batch: string): Promise<void> {
  try {
    await journal.append(formatJournalLine({ gpool: 'journal', version: JOURNAL_VERSION, batch }));
  } catch (error) {
    await journal.close();
    throw error;
  }
}

async function createUnlessThere(path: string): Promise<void> {
  try {
    await makePrivateFile(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
