import type { Clock } from '../clock.js';
import type { Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { isAway } from '../queue/returned-attempts.js';
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

/** The waiting jobs whose time to be tried again has not come, or whose lost host is just back and about to say how they ended there. */
export class DelayedJobs {
  readonly #options: DelayedOptions;
  readonly #timers = new Map<Job, () => void>();
  /** Jobs with an attempt that counts as lost because its host could not be asked. */
  readonly #lost = new Set<Job>();

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
    for (const job of this.#options.state.jobQueue.walk(STATE_FREE)) this.#take(job);
  }

  /** Follows an event that the state has by now. */
  act(event: Recorded): void {
    if (event.type === 'host.ready') this.#awaitNews(event.host);
    if (!('job' in event) || (event.type !== 'job.requeued' && this.size === 0)) return;
    const job = this.#options.state.jobById.get(event.job);
    if (!job) return;
    if (job.state !== STATE_FREE) this.#forget(job);
    else if (event.type === 'job.requeued') this.#take(job);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #take(job: Job): void {
    if (job.notBefore > 0) this.#delay(job);
    if (job.attempts.some(mayBeTold)) this.#lost.add(job);
  }

  /** What the host has to say comes right after it is ready: a good result is not run once more. */
  #awaitNews(host: string): void {
    for (const job of this.#lost) {
      if (job.state !== STATE_FREE) this.#lost.delete(job);
      else if (!this.has(job) && job.attempts.some((attempt) => attempt.host === host && mayBeTold(attempt)))
        this.#wait(job, NEWS_MS);
    }
  }

  #delay(job: Job): void {
    const { clock, retryDelaySecs } = this.#options;
    // The clock may have been set since: no wait is longer than such a wait ever is.
    const ms = Math.min(
      job.notBefore - clock.now(),
      longestWaitMs(job.spec.retry?.retryDelaySecs ?? retryDelaySecs),
    );
    if (ms > 0) this.#wait(job, ms);
  }

  #wait(job: Job, ms: number): void {
    const { clock, onDue } = this.#options;
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

function mayBeTold({ outcome, late }: AttemptRecord): boolean {
  return outcome?.kind === 'lost' && late === null && isAway(outcome.fault);
}

const NEWS_MS = 2_000;
