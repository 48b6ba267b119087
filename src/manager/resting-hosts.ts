import type { Clock } from '../clock.js';

/** Hosts that are left alone for a while: 1 s, then twice as long each time, at most a minute. */
export class RestingHosts {
  readonly names = new Set<string>();
  /** Hosts that get one attempt at a time, and none ahead. */
  readonly doubted = new Set<string>();
  readonly #refusals = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
  readonly #clock: Clock;
  readonly #onRested: () => void;

  constructor(clock: Clock, onRested: () => void) {
    this.#clock = clock;
    this.#onRested = onRested;
  }

  /** It refused an attempt. */
  refuse(host: string): void {
    if (this.names.has(host)) return;
    const refusals = this.#refusals.get(host) ?? 0;
    this.#refusals.set(host, refusals + 1);
    this.#rest(host, refusals);
  }

  /** It may be what makes jobs fail: `times` is how often that was thought before. */
  doubt(host: string, times: number): void {
    this.doubted.add(host);
    if (!this.names.has(host)) this.#rest(host, times);
  }

  /** It is in order, or other measures were taken. */
  trust(host: string): void {
    this.doubted.delete(host);
  }

  #rest(host: string, before: number): void {
    this.names.add(host);
    const ms = Math.min(FIRST_REST_MS * 2 ** before, LONGEST_REST_MS);
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
