import { TransportError, toFault } from '../errors.js';
import type { Network } from '../network/network.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { createAttempt } from './attempt.js';
import { describeJob, type Result } from './conclude.js';
import type { MedianLimits } from './median-limits.js';

interface HandOverOptions {
  readonly batch: string;
  readonly network: Network;
  readonly limits: MedianLimits;
  /** Hears of every attempt that will not start on its host. */
  readonly onResult: (result: Result) => void;
  /** Called whenever a host has answered. */
  readonly onSettled: () => void;
}

/**
 * Hands attempts to their hosts. A hand-over that the link cut short is unclear: the attempt stays with its
 * host, and is handed over again when the host answers; a start is idempotent, so it still runs at most once.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #unclear = new Map<string, Unclear>();
  readonly #sending = new Set<string>();

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** How many hosts have not answered yet. */
  get pending(): number {
    return this.#sending.size;
  }

  /** Whether it is not known yet that the host has it. */
  has(attempt: string): boolean {
    return this.#unclear.has(attempt) || this.#sending.has(attempt);
  }

  start(job: Job, attempt: AttemptRecord, failures = 0): void {
    this.#sending.add(attempt.id);
    void this.#send({ job, attempt, failures });
  }

  /** Keeps it until its host is ready: it is not known whether the host has it. */
  defer(job: Job, attempt: AttemptRecord): void {
    this.#unclear.set(attempt.id, { job, attempt, failures: 0 });
  }

  /** Hands over again what is unclear on this host. */
  resume(host: string): void {
    for (const { job, attempt, failures } of this.#unclear.values()) {
      if (attempt.host !== host) continue;
      this.#unclear.delete(attempt.id);
      if (isOpen(attempt)) this.start(job, attempt, failures);
    }
  }

  async #send(handed: Unclear): Promise<void> {
    const { job, attempt } = handed;
    const { batch, network, limits, onSettled } = this.#options;
    try {
      await network.launchJob(createAttempt(batch, job, attempt, limits.apply(job.spec)));
    } catch (error) {
      this.#onRejected(handed, error);
    }
    this.#sending.delete(attempt.id);
    onSettled();
  }

  #onRejected({ job, attempt, failures }: Unclear, error: unknown): void {
    if (!isOpen(attempt)) return;
    if (error instanceof TransportError && (failures + 1 < MOST_FAILURES || !job.spec.repeatable)) {
      this.#unclear.set(attempt.id, { job, attempt, failures: failures + 1 });
      return;
    }
    if (error instanceof TransportError) this.#takeBack(job, attempt);
    const fault = toFault(error, describeJob(job));
    this.#options.onResult({ kind: 'refused', job, attempt, fault });
  }

  /** As far as the link allows: the host may have it after all. */
  #takeBack(job: Job, attempt: AttemptRecord): void {
    const { batch, network } = this.#options;
    network.killJob(createAttempt(batch, job, attempt)).catch(() => {});
  }
}

interface Unclear {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  /** How often the link cut it short. */
  readonly failures: number;
}

/** True while its host has said nothing of it, and it is needed. A host that lost its store may have started it: its number is spent. */
function isOpen({ startedAt, outcome, settled, orphaned }: AttemptRecord): boolean {
  return startedAt === null && outcome === null && !settled && orphaned === 'no';
}

/** After so many cut hand-overs the job is given to another host. */
const MOST_FAILURES = 5;
