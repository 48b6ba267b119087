import type { Clock } from '../clock.js';
import type { Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_FREE } from '../queue/states.js';
import { longestWaitMs } from './retry-wait.js';

interface DelayedOptions {
  readonly state: BatchState;
  readonly clock: Clock;
  /** The first wait of a job that has none of its own. */
  readonly retryDelaySecs?: number | undefined;
  /** Called when a job's time has come. */
  readonly onDue: () => void;
}

/** The waiting jobs whose time to be tried again has not come. */
export class DelayedJobs {
  readonly #options: DelayedOptions;
  readonly #timers = new Map<Job, () => void>();

  constructor(options: DelayedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#timers.size;
  }

  has(job: Job): boolean {
    return this.#timers.has(job);
  }

  /** Takes up what an earlier controller put off. */
  adopt(): void {
    for (const job of this.#options.state.jobQueue.walk(STATE_FREE)) if (job.notBefore > 0) this.#delay(job);
  }

  /** Follows an event that the state has by now. */
  act(event: Recorded): void {
    if (!('job' in event) || (event.type !== 'job.requeued' && this.size === 0)) return;
    const job = this.#options.state.jobById.get(event.job);
    if (!job) return;
    if (job.state !== STATE_FREE) this.#forget(job);
    else if (event.type === 'job.requeued') this.#delay(job);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #delay(job: Job): void {
    const { clock, onDue, retryDelaySecs } = this.#options;
    // The clock may have been set since: no wait is longer than such a wait ever is.
    const ms = Math.min(
      job.notBefore - clock.now(),
      longestWaitMs(job.spec.retry?.retryDelaySecs ?? retryDelaySecs),
    );
    if (ms <= 0) return;
    const due = (): void => {
      this.#timers.delete(job);
      onDue();
    };
    this.#timers.set(job, clock.after(ms, due));
  }

  #forget(job: Job): void {
    this.#timers.get(job)?.();
    this.#timers.delete(job);
  }
}
