import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { STATE_BUSY } from '../queue/states.js';
import { createAttempt } from './attempt.js';
import { tellIntent } from './tell-intent.js';

interface IntentsOptions {
  readonly batch: string;
  readonly state: BatchState;
  readonly network: Network;
}

/**
 * Tells the hosts what persons want of jobs: to end, to rest, to go on. A host that cannot be asked is told when it returns,
 * also by a later controller: what is wanted is in the journal. Telling twice does no harm.
 */
export class Intents {
  readonly #options: IntentsOptions;
  /** Those that a host did not hear, although it seemed to be there. */
  readonly #untold = new Set<Job>();

  constructor(options: IntentsOptions) {
    this.#options = options;
  }

  /** Follows an event that the state has by now. */
  act(event: Recorded): void {
    if (event.type === 'job.cancelling' || event.type === 'job.pausing' || event.type === 'job.unpausing')
      this.#tell(event.job);
    // It was on its way to its slot when the intent came.
    else if (event.type === 'job.started') this.#tell(parseAttemptId(event.attempt).job);
    else if (event.type === 'host.ready') this.#tellHost(event.host, this.#options.state.intents);
  }

  /** Tells the host once more what it did not hear. */
  resume(host: string): void {
    if (this.#untold.size > 0) this.#tellHost(host, [...this.#untold]);
  }

  #tellHost(host: string, jobs: Iterable<Job>): void {
    for (const job of jobs) {
      for (const attempt of openAttempts(job)) if (attempt.host === host) this.#send(job, attempt);
    }
  }

  #tell(id: string): void {
    const { state } = this.#options;
    if (state.intents.size === 0) return;
    const job = state.jobById.get(id);
    if (!job || !state.intents.has(job) || job.state !== STATE_BUSY) return;
    for (const attempt of openAttempts(job)) this.#send(job, attempt);
  }

  #send(job: Job, record: AttemptRecord): void {
    const { batch, network } = this.#options;
    const attempt = createAttempt(batch, job, record);
    this.#untold.delete(job);
    tellIntent(network, job, attempt).catch(() => void this.#untold.add(job));
  }
}

function openAttempts({ attempts }: Job): readonly AttemptRecord[] {
  return attempts.filter(({ outcome }) => outcome === null);
}
