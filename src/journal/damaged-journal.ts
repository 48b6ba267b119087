import { closeSync, fchmodSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../errors.js';
import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from './batch-directory.js';
import { formatJournalLine, JOURNAL_VERSION, type JournalHeader, parseJournalLine } from './journal-line.js';
import { readLines } from './line-reader.js';
import { explainWrites, isErrno } from './private-file.js';

/** What of a journal cannot be read. */
export interface Damage {
  /** Lines that are not whole and unharmed. */
  readonly lines: number;
  readonly bytes: number;
  /** Where the first of them begins; null when none is damaged. */
  readonly firstByte: number | null;
}

/**
 * Calls `onEvent` for every event whose line is unharmed and newer than those before it, also behind a damage. Throws a
 * StateError (E_BATCH_VERSION) for a journal of a newer version.
 */
export async function readDamagedJournal(path: string, onEvent: (event: Recorded) => void): Promise<Damage> {
  const damage: { lines: number; bytes: number; firstByte: number | null } = {
    lines: 0,
    bytes: 0,
    firstByte: null,
  };
  let last = 0;
  await readLines(path, ({ bytes, offset, ended }) => {
    const fields = ended ? parseJournalLine<JournalHeader | Recorded>(bytes) : null;
    if (fields === null) {
      damage.lines += 1;
      damage.bytes += bytes.length + (ended ? 1 : 0);
      damage.firstByte ??= offset;
    } else if ('gpool' in fields) checkVersion(fields, path);
    else if (fields.seq > last) {
      last = fields.seq;
      onEvent(fields);
    }
    return true;
  });
  return damage;
}

/** Writes a journal that takes the place of another one. */
export class JournalCopy {
  readonly #directory: BatchDirectory;
  readonly #part: string;
  readonly #file: number;
  #waiting = '';

  /** Throws what opening a file throws. */
  constructor(directory: BatchDirectory, batch: string) {
    this.#directory = directory;
    this.#part = join(directory.path, '.journal.jsonl.part');
    this.#file = openSync(this.#part, 'w', 0o600);
    fchmodSync(this.#file, 0o600);
    this.#waiting = formatJournalLine({ gpool: 'journal', version: JOURNAL_VERSION, batch });
  }

  add(event: Recorded): void {
    this.#waiting += formatJournalLine(event);
    if (this.#waiting.length > WRITE_CHARS) this.#flush();
  }

  /** Puts the copy in place and answers the name that the old journal has from then on. Nothing is ever missing between. */
  async replace(): Promise<string> {
    this.#flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
    const { path, journalFile } = this.#directory;
    return explainWrites(journalFile, async () => {
      const kept = await keepUnderNewName(path, journalFile);
      await rename(this.#part, journalFile);
      return kept;
    });
  }

  discard(): void {
    closeSync(this.#file);
    rmSync(this.#part);
  }

  #flush(): void {
    writeSync(this.#file, this.#waiting);
    this.#waiting = '';
  }
}

async function keepUnderNewName(directory: string, journal: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const name = `journal-damaged-${n}.jsonl`;
    try {
      await link(journal, join(directory, name));
      return name;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }
}

function checkVersion({ version }: JournalHeader, where: string): void {
  if (version <= JOURNAL_VERSION) return;
  const what = `the journal has version ${version}, this gpool reads up to ${JOURNAL_VERSION}`;
  throw new StateError('E_BATCH_VERSION', { what, where });
}

const WRITE_CHARS = 1024 * 1024;
