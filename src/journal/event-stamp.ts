import type { Clock } from '../clock.js';
import type { GpoolEvent, Recorded } from '../events/event.js';

/** Gives events their number and time, in order. */
export class EventStamp {
  readonly #clock: Clock;
  #seq: number;
  #now = Number.NaN;
  #at = '';

  /** `seq` is the last number given before. */
  constructor(clock: Clock, seq: number) {
    this.#clock = clock;
    this.#seq = seq;
  }

  /** What is told but never kept gets number 0. */
  mark(event: GpoolEvent): Recorded {
    const seq = event.type === 'batch.waited' ? 0 : this.#next();
    return { seq, at: this.#time(), ...event };
  }

  #next(): number {
    this.#seq += 1;
    return this.#seq;
  }

  /** Many events share a millisecond, and writing a date costs as much as writing the event. */
  #time(): string {
    const now = this.#clock.now();
    if (now !== this.#now) {
      this.#now = now;
      this.#at = new Date(now).toISOString();
    }
    return this.#at;
  }
}
