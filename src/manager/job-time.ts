/** The median run time of the jobs that ended last. */
export class JobTime {
  readonly #samples: number[] = [];
  readonly #window: number;
  #added = 0;
  #median: number | null = null;

  /** `window` is how many jobs it looks back. @default 16 */
  constructor(window = WINDOW) {
    this.#window = window;
  }

  /** Milliseconds, from null before the first sample. */
  get medianMs(): number | null {
    return this.#median;
  }

  add(ms: number): void {
    this.#samples[this.#added % this.#window] = ms;
    this.#added += 1;
    if (this.#added <= this.#window || this.#added % REFRESH === 0) this.#refresh();
  }

  #refresh(): void {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    this.#median = sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

/** Few: the first jobs on a cold machine are slow, and must not be thought typical for long. */
const WINDOW = 16;
/** Sorting at every sample would cost more than the samples are worth. */
const REFRESH = 8;
