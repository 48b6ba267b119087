import { HostError } from '../../errors.js';

/** Cuts a byte stream into lines and counts their bytes, so that a reader knows where to go on. */
export class LineReader {
  /** Bytes of whole lines handed out so far, newlines included, on top of `from`. */
  offset: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    readonly where: string,
    from = 0,
    readonly maxLineBytes = 64 * 1024,
  ) {
    this.offset = from;
  }

  /**
   * Hands each whole line to `take`, after counting it.
   *
   * @throws HostError E_PROTOCOL when a line is longer than allowed; what `take` throws.
   */
  push(chunk: Buffer, take: (line: string) => void): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      if (end > this.maxLineBytes) throw this.#tooLong();
      const line = bytes.toString('utf8', 0, end);
      bytes = bytes.subarray(end + 1);
      this.#rest = bytes;
      this.offset += end + 1;
      take(line);
    }
    if (bytes.length > this.maxLineBytes) throw this.#tooLong();
    this.#rest = bytes;
  }

  #tooLong(): HostError {
    return new HostError('E_PROTOCOL', {
      what: `a line is longer than ${this.maxLineBytes} bytes`,
      where: this.where,
    });
  }
}

const NEWLINE = 10;
