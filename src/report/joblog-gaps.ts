import { readFileSync } from 'node:fs';
import { appendWhole } from './append-whole.js';

/** Finds what a joblog lacks, and adds it. */
export class JoblogGaps {
  /** How many lines it has, the first not counted. */
  readonly lines: number;
  readonly #path: string;
  readonly #known: ReadonlySet<string>;
  readonly #missing: string[] = [];

  /** Reads the log; one that cannot be read has nothing. */
  constructor(path: string) {
    this.#path = path;
    const lines = readLines(path);
    this.lines = lines.length;
    this.#known = new Set(lines.map(keyOf));
  }

  /** Takes a line that the log should have. */
  take(line: string): void {
    if (!this.#known.has(keyOf(line))) this.#missing.push(line);
  }

  /** Adds what is missing. Never throws. */
  fill(): void {
    if (this.#missing.length > 0) appendWhole(this.#path, this.#missing.join(''), FIRST_LINE);
  }
}

/** Whole lines only: a torn one is cut off when the log is opened. */
function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1, -1);
  } catch {
    return [];
  }
}

/** Job, host, start, exit code and signal tell runs apart. */
function keyOf(line: string): string {
  const columns = line.split('\t', 8);
  return [0, 1, 2, 6, 7].map((at) => columns[at]).join('\t');
}

const FIRST_LINE = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';
