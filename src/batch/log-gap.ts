import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Recorded } from '../events/event.js';
import { appendWhole } from '../report/append-whole.js';

/** Finds the events that `log.jsonl` lacks at its end, and adds them. */
export class LogGap {
  /** Whether it has the last event. */
  readonly isWhole: boolean;
  readonly #path: string;
  readonly #last: number;
  readonly #missing: string[] = [];

  /** `last` is the number of the journal's last event. */
  constructor(path: string, last: number) {
    this.#path = path;
    this.#last = readLastSeq(path);
    this.isWhole = this.#last >= last;
  }

  take(event: Recorded): void {
    if (event.seq > this.#last) this.#missing.push(`${JSON.stringify(event)}\n`);
  }

  /** Adds what is missing. Never throws. */
  fill(): void {
    if (this.#missing.length > 0) appendWhole(this.#path, this.#missing.join(''));
  }
}

/** The number of the last event that is whole; 0 when there is none. Waiting is told with number 0. */
function readLastSeq(path: string): number {
  for (const line of readTail(path).split('\n').slice(0, -1).reverse()) {
    const seq = Number(/^\{"seq":(\d+),.*\}$/.exec(line)?.[1] ?? 0);
    if (seq > 0) return seq;
  }
  return 0;
}

function readTail(path: string): string {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.toString('latin1');
  } catch {
    return '';
  } finally {
    if (file !== null) closeSync(file);
  }
}

const TAIL_BYTES = 4 * 1024 * 1024;
