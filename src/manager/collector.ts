import { type Fault, TransportError, toFault } from '../errors.js';
import type { Collected } from '../events/event.js';
import type { BatchStore } from '../journal/batch-store.js';
import type { Network } from '../network/network.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { createAttempt } from './attempt.js';
import { describeJob, type Result } from './conclude.js';

/** An attempt that ended and left something on its host. */
export interface Leftover {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  /** How often fetching it failed over a link that held. */
  readonly failures: number;
}

interface CollectorOptions {
  readonly batch: string;
  readonly network: Network;
  readonly store: BatchStore;
  readonly onResult: (result: Result) => void;
}

/**
 * Fetches what ended attempts left, a bounded number at a time, beside the running jobs. What cannot be fetched because
 * the link failed waits until the host answers again, however often that happens: the results are safe where they are.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #waiting: Leftover[] = [];
  readonly #deferred = new Set<Leftover>();
  readonly #active = new Set<Leftover>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** How many are being fetched or are about to be. */
  get pending(): number {
    return this.#active.size + this.#waiting.length;
  }

  add(job: Job, attempt: AttemptRecord): void {
    this.#start({ job, attempt, failures: 0 });
  }

  /** For one that was given up before: it may still be under way, or wait for its host. */
  addOnce(job: Job, attempt: AttemptRecord): void {
    const known = [...this.#active, ...this.#waiting, ...this.#deferred];
    if (!known.some((leftover) => leftover.attempt === attempt)) this.add(job, attempt);
  }

  /** Keeps it until its host is ready. */
  defer(job: Job, attempt: AttemptRecord): void {
    this.#deferred.add({ job, attempt, failures: 0 });
  }

  /** Tries again what waits for this host. */
  resume(host: string): void {
    for (const leftover of this.#deferred) {
      if (leftover.attempt.host !== host) continue;
      this.#deferred.delete(leftover);
      this.#start(leftover);
    }
  }

  #start(leftover: Leftover): void {
    this.#waiting.push(leftover);
    this.#next();
  }

  #next(): void {
    if (this.#active.size >= MOST_AT_ONCE) return;
    const leftover = this.#waiting.shift();
    if (!leftover) return;
    this.#active.add(leftover);
    void this.#collect(leftover).finally(() => {
      this.#active.delete(leftover);
      this.#next();
    });
  }

  async #collect(leftover: Leftover): Promise<void> {
    const { job, attempt } = leftover;
    try {
      const collected = await this.#fetch(job, attempt);
      this.#options.onResult({ kind: 'collected', job, attempt, collected });
    } catch (error) {
      this.#onFailure(leftover, error);
    }
  }

  #fetch(job: Job, attempt: AttemptRecord): Promise<Collected> {
    const { batch, network, store } = this.#options;
    const directory = store.attemptDirectory(job.id, attempt.n);
    if (directory === null) return Promise.resolve(NOTHING);
    return network.collectJob(createAttempt(batch, job, attempt), directory);
  }

  #onFailure(leftover: Leftover, error: unknown): void {
    const { job, attempt, failures } = leftover;
    const counted = failures + (isLinkGone(error) ? 0 : 1);
    if (error instanceof TransportError && counted < MOST_FAILURES) {
      this.#deferred.add({ job, attempt, failures: counted });
      return;
    }
    const fault: Fault = toFault(error, describeJob(job));
    this.#options.onResult({ kind: 'uncollected', job, attempt, fault });
  }
}

function isLinkGone(error: unknown): boolean {
  return error instanceof TransportError && error.code === 'E_CONN_LOST';
}

/** What an attempt without outputs leaves. */
export const NOTHING: Collected = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };

const MOST_AT_ONCE = 512;
const MOST_FAILURES = 5;
