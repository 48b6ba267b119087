import type { Clock } from '../clock.js';
import type { StopMode } from '../events/event.js';

/** Why and how a batch is being stopped; by a person or by a rule. A person's word goes before a rule's. */
export class Stopping {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #mode: StopMode | null = null;
  #reason: string | null = null;
  #byRule = false;
  #graceOver = false;
  #closed = false;
  #cancelGrace: () => void = () => {};

  /** `onChange` is called when there may be less to wait for. */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Null while it is not stopped. */
  get mode(): StopMode | null {
    return this.#mode;
  }

  get reason(): string | null {
    return this.#reason;
  }

  get byRule(): boolean {
    return this.#byRule;
  }

  /** Whether what is under way was waited for long enough. */
  get graceOver(): boolean {
    return this.#graceOver;
  }

  /** A person wants to leave. False when that is under way already. */
  leave(reason: string): boolean {
    if (this.#mode === 'leave' || this.#mode === 'kill') return false;
    this.#begin(reason, 'leave', false);
    return true;
  }

  /** A person wants the jobs ended; what hosts say of that is waited for so long. @default 15 s */
  kill(reason: string, graceMs = GRACE_MS.kill): void {
    this.#begin(this.#reason ?? reason, 'kill', false, graceMs);
  }

  /** A rule stops the batch. */
  halt(reason: string, mode: StopMode): void {
    if (this.#mode === null) this.#begin(reason, mode, true);
  }

  /** Nothing is waited for any more, whatever is said later: a timer would keep the process. */
  close(): void {
    this.#closed = true;
    this.#cancelGrace();
  }

  #begin(reason: string, mode: StopMode, byRule: boolean, graceMs = GRACE_MS[mode]): void {
    this.#mode = mode;
    this.#reason = reason;
    this.#byRule = byRule;
    this.#grantGrace(graceMs);
    this.#onChange();
  }

  #grantGrace(ms: number): void {
    this.#cancelGrace();
    this.#graceOver = false;
    if (this.#closed || ms === Number.POSITIVE_INFINITY) return;
    this.#cancelGrace = this.#clock.after(ms, () => {
      this.#graceOver = true;
      this.#onChange();
    });
  }
}

const GRACE_MS: Readonly<Record<StopMode, number>> = {
  /** For hand-overs under way when it was stopped. */
  leave: 1_000,
  /** TERM, 10 s, KILL, and the news of it. */
  kill: 15_000,
  /** As long as the jobs run. */
  drain: Number.POSITIVE_INFINITY,
};
