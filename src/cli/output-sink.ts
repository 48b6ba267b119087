import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes to stdout or stderr at the reader's pace. When the reader has gone (`| head`) the rest is dropped: nobody
 * wants it, and the batch goes on.
 */
export class OutputSink {
  readonly #stream: Writable;
  #closed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', () => {
      this.#closed = true;
    });
    stream.on('close', () => {
      this.#closed = true;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  async write(chunk: Buffer | string): Promise<void> {
    if (this.#closed || chunk.length === 0) return;
    if (this.#stream.write(chunk)) return;
    // Rejects on 'error', which has set #closed by then.
    await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]).catch(() => undefined);
  }
}
