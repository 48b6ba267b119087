import { TransportError } from '../../../errors.js';

/**
 * One limit for several steps in a row. It stands still while a person is asked, and while this process is stopped: a laptop
 * that slept has not waited.
 */
export class Deadline {
  /** Rejects when the time is up. */
  readonly passed: Promise<never>;
  #fail: (error: Error) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #leftMs: number;
  #since = 0;
  #holds = 0;
  #over = false;

  constructor(
    readonly ms: number,
    readonly where: string,
  ) {
    this.#leftMs = ms;
    this.passed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.passed.catch(() => {}); // whoever races against it sees it
    this.#run();
  }

  /** Milliseconds left, zero when none. */
  get leftMs(): number {
    return this.#holds > 0 ? this.#leftMs : this.#leftMs - this.#usedMs();
  }

  /** Stops the clock until `work` has settled. */
  readonly hold = async <T>(work: Promise<T>): Promise<T> => {
    if (this.#holds++ === 0) this.#pause();
    try {
      return await work;
    } finally {
      if (--this.#holds === 0) this.#run();
    }
  };

  /** Waits for `work`, no longer than the time left. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.passed]);
  }

  clear(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #pause(): void {
    this.#leftMs -= this.#usedMs();
    clearTimeout(this.#timer);
  }

  /** Of the step that is running; more than a step passes only while nothing here could be done. */
  #usedMs(): number {
    return Math.min(this.#leftMs, STEP_MS, performance.now() - this.#since);
  }

  #run(): void {
    if (this.#over) return;
    this.#since = performance.now();
    if (this.#leftMs <= 0) this.#fail(this.#error());
    else this.#timer = setTimeout(() => this.#step(), Math.min(this.#leftMs, STEP_MS));
  }

  #step(): void {
    this.#pause();
    this.#run();
  }

  #error(): TransportError {
    const what = `no connection within ${this.ms / 1000} s`;
    return new TransportError('E_CONN_TIMEOUT', { what, where: this.where });
  }
}

const STEP_MS = 250;
