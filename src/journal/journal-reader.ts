import { StateError } from '../errors.js';
import type { Recorded } from '../events/event.js';
import { CommonEvents } from './common-events.js';
import { JOURNAL_VERSION, type JournalHeader, parseJournalLine, parseJournalLines } from './journal-line.js';
import { type Block, type Line, readLines } from './line-reader.js';
import { isErrno } from './private-file.js';

/** Where a journal's good part ends. */
export interface JournalTail {
  /** Null when not even the first line is whole. */
  readonly header: JournalHeader | null;
  /** Of the last good event; 0 when there is none. */
  readonly seq: number;
  /** Length of the good part. */
  readonly bytes: number;
  /** Bytes after it: a record that was being written when its writer died. */
  readonly dropped: number;
}

/**
 * Calls `onEvent` for every event, in order, in constant memory. A bad end is dropped and reported; a bad place with
 * good lines after it is a StateError (E_JOURNAL_DAMAGED) that names the byte. A newer version is E_BATCH_VERSION, a
 * missing file E_BATCH_NOT_FOUND.
 */
export async function readJournal(path: string, onEvent: (event: Recorded) => void): Promise<JournalTail> {
  const reading = new JournalReading(path, onEvent);
  try {
    await readLines(
      path,
      (line) => reading.take(line),
      (block) => reading.takeBlock(block),
    );
  } catch (error) {
    throw asNotFound(error, path);
  }
  return reading.tail();
}

class JournalReading {
  readonly #path: string;
  readonly #onEvent: (event: Recorded) => void;
  readonly #common = new CommonEvents();
  #header: JournalHeader | null = null;
  #seq = 0;
  #bytes = 0;
  #end = 0;

  constructor(path: string, onEvent: (event: Recorded) => void) {
    this.#path = path;
    this.#onEvent = onEvent;
  }

  take(line: Line): boolean {
    const start = this.#end;
    this.#end = line.offset + line.bytes.length + (line.ended ? 1 : 0);
    const fields = line.ended ? parseJournalLine<JournalHeader | Recorded>(line.bytes) : null;
    if (fields === null) return this.#pass(line);
    if (this.#bytes < start) throw this.#damage('the line is damaged');
    if (this.#header === null) this.#takeHeader(fields);
    else this.#takeEvent(fields);
    this.#bytes = this.#end;
    return true;
  }

  /** Only when there is nothing to complain of: else line by line, to say where. */
  takeBlock({ bytes, offset }: Block): boolean {
    const lines = this.#bytes < this.#end ? null : parseJournalLines(bytes, this.#common);
    const first = this.#header === null ? lines?.shift() : undefined;
    const events = lines && this.#inOrder(lines);
    if (!events) return false;
    if (first) this.#takeHeader(first);
    for (const event of events) this.#onEvent(event);
    this.#seq += events.length;
    this.#end = offset + bytes.length;
    this.#bytes = this.#end;
    return true;
  }

  /** Null when a number is missing, comes twice, or a line is no event. */
  #inOrder(lines: readonly (JournalHeader | Recorded)[]): Recorded[] | null {
    const events: Recorded[] = [];
    for (const fields of lines) {
      if (!('seq' in fields) || fields.seq !== this.#seq + 1 + events.length) return null;
      events.push(fields);
    }
    return events;
  }

  tail(): JournalTail {
    return { header: this.#header, seq: this.#seq, bytes: this.#bytes, dropped: this.#end - this.#bytes };
  }

  /** A bad line may be the end of a write that was cut short; the first line is written alone, so it has no newline then. */
  #pass(line: Line): boolean {
    if (this.#header === null && line.ended) throw this.#damage('the first line is not that of a journal');
    return true;
  }

  #takeHeader(fields: JournalHeader | Recorded): void {
    if (!('gpool' in fields) || fields.gpool !== 'journal') throw this.#damage('this is not a journal');
    if (fields.version > JOURNAL_VERSION) {
      const what = `the journal has version ${fields.version}, this gpool reads up to ${JOURNAL_VERSION}`;
      throw new StateError('E_BATCH_VERSION', { what, where: this.#path });
    }
    this.#header = fields;
  }

  #takeEvent(fields: JournalHeader | Recorded): void {
    if (!('seq' in fields)) throw this.#damage('a second header');
    if (fields.seq !== this.#seq + 1) throw this.#damage(`event ${fields.seq} follows event ${this.#seq}`);
    this.#onEvent(fields);
    this.#seq = fields.seq;
  }

  #damage(what: string): StateError {
    return new StateError('E_JOURNAL_DAMAGED', { what, where: `${this.#path}, byte ${this.#bytes}` });
  }
}

function asNotFound(error: unknown, path: string): unknown {
  if (!isErrno(error, 'ENOENT')) return error;
  return new StateError('E_BATCH_NOT_FOUND', { what: 'there is no journal', where: path, cause: error });
}
