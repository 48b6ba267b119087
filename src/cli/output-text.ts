import { StringDecoder } from 'node:string_decoder';
import { toPlainText } from './plain-text.js';

export interface OutputStyle {
  /** Put before every line; empty for none. */
  readonly tag: string;
  /** For a terminal: control characters are shown, and the last line is ended. */
  readonly plain: boolean;
}

/** Turns the bytes of one job's output into what is printed. Without tag and terminal they stay as they are. */
export class OutputText {
  readonly #style: OutputStyle;
  readonly #decoder: StringDecoder;
  #atLineStart = true;

  constructor(style: OutputStyle) {
    this.#style = style;
    // Latin 1 keeps every byte as it is, there and back.
    this.#decoder = new StringDecoder(style.plain ? 'utf8' : 'latin1');
  }

  push(chunk: Buffer): Buffer {
    const { tag, plain } = this.#style;
    return tag === '' && !plain ? chunk : this.#format(this.#decoder.write(chunk));
  }

  end(): Buffer {
    const rest = this.#format(this.#decoder.end());
    if (this.#atLineStart || !this.#style.plain) return rest;
    this.#atLineStart = true;
    return Buffer.concat([rest, Buffer.from('\n')]);
  }

  #format(text: string): Buffer {
    if (text === '') return Buffer.alloc(0);
    const { tag, plain } = this.#style;
    const body = plain ? toPlainText(text) : text;
    const tagged = tag === '' ? body : this.#tag(body, plain ? tag : Buffer.from(tag).toString('latin1'));
    this.#atLineStart = body.endsWith('\n');
    return Buffer.from(tagged, plain ? 'utf8' : 'latin1');
  }

  #tag(body: string, tag: string): string {
    const start = this.#atLineStart ? tag : '';
    return start + body.replace(/\n(?=[\s\S])/g, () => `\n${tag}`);
  }
}
