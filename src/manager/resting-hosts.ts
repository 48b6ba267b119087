import type { Clock } from '../clock.js';

/** Hosts that refused an attempt are left alone for a while: 1 s, then twice as long each time, at most a minute. */
export class RestingHosts {
  readonly names = new Set<string>();
  readonly #refusals = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
  readonly #clock: Clock;
  readonly #onRested: () => void;

  constructor(clock: Clock, onRested: () => void) {
    this.#clock = clock;
    this.#onRested = onRested;
  }

  refuse(host: string): void {
    if (this.names.has(host)) return;
    const refusals = this.#refusals.get(host) ?? 0;
    this.#refusals.set(host, refusals + 1);
    this.names.add(host);
    const ms = Math.min(FIRST_REST_MS * 2 ** refusals, LONGEST_REST_MS);
    this.#timers.set(
      host,
      this.#clock.after(ms, () => this.#wake(host)),
    );
  }

  /** It took an attempt: its next rest is short again. */
  accept(host: string): void {
    this.#refusals.delete(host);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #wake(host: string): void {
    this.#timers.delete(host);
    this.names.delete(host);
    this.#onRested();
  }
}

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;
