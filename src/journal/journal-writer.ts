import { StateError } from '../errors.js';
import type { JournalFile } from './journal-file.js';

/**
 * Appends lines and tells when they are on the disk. One write and one fdatasync are under way at a time; what comes
 * meanwhile goes into the next ones together. After the first fault nothing is tried again: what a disk has kept after a
 * failed sync is not known, so the journal counts as failed until it is opened and checked anew.
 */
export class JournalWriter {
  readonly #file: JournalFile;
  readonly #where: string;
  #waiting: string[] = [];
  /** Settles with the group that waits; null when none does. */
  #nextGroup: Promise<void> | null = null;
  /** Settles with the group before it. Never rejects. */
  #previous: Promise<void> = Promise.resolve();
  #failure: StateError | null = null;
  #closed = false;

  /** `where` names the journal in errors. */
  constructor(file: JournalFile, where: string) {
    this.#file = file;
    this.#where = where;
  }

  /** Resolves once the text is durable. Rejects with a StateError (E_JOURNAL), and from then on every time. */
  append(text: string): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(this.#fault('the journal is closed'));
    this.#waiting.push(text);
    this.#nextGroup ??= this.#startGroup();
    return this.#nextGroup;
  }

  /** Waits for what was appended, then lets go of the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#previous;
    await this.#file.close();
  }

  #startGroup(): Promise<void> {
    const group = this.#previous.then(() => this.#commit());
    this.#previous = group.catch(() => undefined);
    return group;
  }

  async #commit(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#nextGroup = null;
    try {
      await this.#file.write(lines.join(''));
      const [, links] = await Promise.all([this.#file.sync(), this.#file.links()]);
      if (links === 0) throw new Error('the journal was deleted');
    } catch (error) {
      this.#failure = this.#fault(error instanceof Error ? error.message : String(error), error);
      throw this.#failure;
    }
  }

  #fault(what: string, cause?: unknown): StateError {
    return new StateError('E_JOURNAL', { what, where: this.#where, cause });
  }
}
