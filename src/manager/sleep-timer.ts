import type { Clock } from '../clock.js';

/** Calls back once for each interval in which `touch` was not called. */
export class SleepTimer {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #onSleep: () => void;
  #since: number;
  #cancel: () => void;

  constructor(clock: Clock, intervalMs: number, onSleep: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#onSleep = onSleep;
    this.#since = clock.elapsed();
    this.#cancel = this.#arm(intervalMs);
  }

  /** Something happened: the interval begins anew. Cheap; the timer itself is left as it is. */
  touch(): void {
    this.#since = this.#clock.elapsed();
  }

  close(): void {
    this.#cancel();
  }

  #arm(ms: number): () => void {
    return this.#clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    const left = this.#since + this.#intervalMs - this.#clock.elapsed();
    if (left > 0) {
      this.#cancel = this.#arm(left);
      return;
    }
    this.touch();
    this.#cancel = this.#arm(this.#intervalMs);
    this.#onSleep();
  }
}
