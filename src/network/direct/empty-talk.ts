import { HostError } from '../../errors.js';

/** Counts what a host says without meaning, since the last line that meant something: none is listened to for ever that says nothing. */
export class EmptyTalk {
  #lines = 0;
  #bytes = 0;
  /** The last lines that meant something: the same once more means nothing. */
  readonly #recent = new Set<string>();

  constructor(readonly where: string) {}

  /** @throws HostError E_PROTOCOL when it is too much. */
  hear(line: string, hasMeaning: boolean): void {
    if (hasMeaning && this.#isNew(line)) {
      this.#lines = 0;
      this.#bytes = 0;
      return;
    }
    this.#lines += 1;
    this.#bytes += line.length + 1;
    if (this.#lines > MOST_LINES || this.#bytes > MOST_BYTES) throw this.#tooMuch();
  }

  #isNew(line: string): boolean {
    if (this.#recent.has(line)) return false;
    this.#recent.add(line);
    const [oldest] = this.#recent;
    if (this.#recent.size > MOST_RECENT && oldest !== undefined) this.#recent.delete(oldest);
    return true;
  }

  #tooMuch(): HostError {
    const what = `the host sent ${this.#lines} lines (${this.#bytes} bytes) one after the other that mean nothing`;
    return new HostError('E_PROTOCOL', { what, where: this.where });
  }
}

/** A detached batch of a million jobs brings some thousand answers to an earlier controller. */
const MOST_LINES = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_RECENT = 64;
