import { type FileHandle, open } from 'node:fs/promises';
import type { Recorded } from '../events/event.js';
import { type JournalHeader, parseJournalLine } from './journal-line.js';

/** Reads a journal that is being written, piece by piece, in constant memory. Only for one that was found good before. */
export class JournalFollower {
  readonly #handle: FileHandle;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;
  #pending: Recorded[] = [];

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Throws what `open` throws. */
  static async open(path: string): Promise<JournalFollower> {
    return new JournalFollower(await open(path, 'r'));
  }

  /**
   * The next events up to number `last`, some hundred at a time; none when there are no more of them yet. What is written
   * beyond `last` may not be on the disk yet: it waits.
   */
  async read(last: number): Promise<readonly Recorded[]> {
    if (this.#pending.length === 0) this.#pending = await this.#readChunk();
    const due = this.#pending.findIndex(({ seq }) => seq > last);
    return this.#pending.splice(0, due < 0 ? this.#pending.length : due);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #readChunk(): Promise<Recorded[]> {
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return [];
      this.#position += bytesRead;
      const events = this.#split(Buffer.concat([this.#rest, this.#chunk.subarray(0, bytesRead)]));
      if (events.length > 0) return events;
    }
  }

  #split(data: Buffer): Recorded[] {
    const events: Recorded[] = [];
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      const fields = parseJournalLine<JournalHeader | Recorded>(data.subarray(start, end));
      if (fields && 'seq' in fields) events.push(fields);
      start = end + 1;
    }
    this.#rest = data.subarray(start);
    return events;
  }
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;
