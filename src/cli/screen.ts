import type { Writable } from 'node:stream';
import { cutText } from './plain-text.js';

/** The part of a terminal stream that a Screen needs. */
export interface Terminal extends Writable {
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Lines at the lower end of a terminal that are redrawn in place. Call `clear` before anything else is printed. Every line is cut to the width, so that a narrower window does not break the count.
 */
export class Screen {
  readonly #terminal: Terminal;
  /** Of the lines that stand on the screen, without colour. */
  #lengths: readonly number[] = [];
  /** Rows from the first of them to the cursor. */
  #rows = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get width(): number {
    return Math.max(20, this.#terminal.columns ?? 80);
  }

  get height(): number {
    return Math.max(4, this.#terminal.rows ?? 24);
  }

  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.height - 1).map((line) => cutStyled(line, this.width - 1));
    const body = shown.map((line) => `${line}\u001b[K\n`).join('');
    this.#terminal.write(`${this.#toTop()}${body}\u001b[J`);
    this.#lengths = shown.map((line) => [...line.replace(STYLE, '')].length);
    this.#rows = shown.length;
  }

  /** Call it after the width changed: most terminals fold the lines anew, so they take other rows than before. */
  resize(): void {
    this.#rows = this.#lengths.reduce(
      (rows, length) => rows + Math.max(1, Math.ceil(length / this.width)),
      0,
    );
  }

  /** Takes the lines away and leaves the cursor where they began. */
  clear(): void {
    if (this.#rows === 0) return;
    this.#terminal.write(`${this.#toTop()}\u001b[J`);
    this.#lengths = [];
    this.#rows = 0;
  }

  #toTop(): string {
    return this.#rows === 0 ? '' : `\r\u001b[${this.#rows}A`;
  }
}

/** Cuts a line that may hold colour sequences of ours; the sequences take no room. */
function cutStyled(line: string, width: number): string {
  const plain = line.replace(STYLE, '');
  if ([...plain].length <= width) return line;
  if (plain === line) return cutText(line, width);
  let room = width - 1;
  let cut = '';
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    if (part.startsWith('\u001b')) cut += part;
    else {
      const kept = [...part].slice(0, Math.max(0, room));
      room -= kept.length;
      cut += kept.join('');
    }
  }
  return `${cut}…`;
}

const STYLE = /\u001b\[\d+m/g;
