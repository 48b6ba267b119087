import type { FileHandle } from 'node:fs/promises';

/** Writes small pieces to a file in large blocks, one while the next is gathered. */
export class BlockWriter {
  #pieces: Buffer[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly file: FileHandle) {}

  /** Resolves at once unless a block is full and the one before is not written yet; rejects as that one failed. */
  async push(piece: Buffer): Promise<void> {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size >= BLOCK) await this.#flush();
  }

  /** Resolves when all is written. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const [pieces, size] = [this.#pieces, this.#size];
    this.#pieces = [];
    this.#size = 0;
    this.#writing = this.#write(pieces, size);
    this.#writing.catch(() => {}); // told by the next call
  }

  async #write(pieces: Buffer[], size: number): Promise<void> {
    if (size === 0) return;
    const { bytesWritten } = await this.file.writev(pieces);
    // What is left says why, when the disk is full.
    if (bytesWritten < size) await this.file.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
  }
}

const BLOCK = 1024 * 1024;
