import type { BatchState } from '../queue/batch-state.js';

/** How long jobs run, by those that succeeded: all together, and on each host. */
export class RunTimes {
  readonly #recent: number[] = [];
  readonly #byHost = new Map<string, { sum: number; count: number }>();
  #count = 0;

  /** Begins with what the state knows. O(jobs) for a batch that is gone on with. */
  constructor({ jobs, seq }: BatchState) {
    if (seq === 0) return;
    for (const { attempts } of jobs) {
      for (const { host, outcome, usage } of attempts)
        if (outcome?.kind === 'succeeded' && usage) this.add(host, usage.wallMs);
    }
  }

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** Of the last 256, milliseconds; null before the first. O(256). */
  get medianMs(): number | null {
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  /** Mean run time on the host, milliseconds; null when none has succeeded there. */
  meanOn(host: string): number | null {
    const own = this.#byHost.get(host);
    return own ? own.sum / own.count : null;
  }

  /** Nothing is known of an end that no event told: it comes with 0. */
  add(host: string, wallMs: number): void {
    if (wallMs <= 0) return;
    this.#recent[this.#count % WINDOW] = wallMs;
    this.#count += 1;
    const own = this.#byHost.get(host) ?? { sum: 0, count: 0 };
    own.sum += wallMs;
    own.count += 1;
    this.#byHost.set(host, own);
  }
}

const WINDOW = 256;
