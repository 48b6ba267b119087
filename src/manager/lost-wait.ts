import type { Clock } from '../clock.js';
import type { BatchState } from '../queue/batch-state.js';
import { isReachable } from '../queue/host-events.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';

interface LostWaitOptions {
  readonly state: BatchState;
  readonly clock: Clock;
  readonly waitSecs: number;
  /** Called when it may be over. */
  readonly onOver: () => void;
}

/** Tells when hosts that cannot be asked were waited for long enough, counted from when nothing else was left to wait for. */
export class LostWait {
  readonly #options: LostWaitOptions;
  /** By `elapsed`. */
  #since: number | null = null;
  #cancelTimer: () => void = () => {};

  constructor(options: LostWaitOptions) {
    this.#options = options;
  }

  /** To be asked in every turn. */
  isOver(): boolean {
    const { state, clock, waitSecs, onOver } = this.#options;
    if (waitSecs === Number.POSITIVE_INFINITY) return false;
    this.#cancelTimer();
    if (goesOn(state)) {
      this.#since = null;
      return false;
    }
    this.#since ??= clock.elapsed();
    const leftMs = waitSecs * 1000 - (clock.elapsed() - this.#since);
    if (leftMs > 0) this.#cancelTimer = clock.after(Math.ceil(leftMs), onOver);
    return leftMs <= 0;
  }

  close(): void {
    this.#cancelTimer();
  }
}

/** Whether a host that can be asked has a job, or could have one that waits. */
function goesOn({ jobQueue, hosts }: BatchState): boolean {
  return jobQueue.anyInState(STATE_BUSY) || (jobQueue.anyInState(STATE_FREE) && hosts.some(isReachable));
}
