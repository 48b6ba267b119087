import type { Collected } from '../../src/events/event.js';
import type { Attempt, AttemptStatus } from '../../src/network/network.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';

/** Counts what is asked of its hosts, as it would travel: what is asked of a host in one turn of the event loop goes together. */
export class CountingNetwork extends SimulatedNetwork {
  roundTrips = 0;
  readonly #asked = new Set<string>();

  override launchJob(attempt: Attempt): Promise<void> {
    this.#note(`launch ${attempt.host}`);
    return super.launchJob(attempt);
  }

  override collectJob(attempt: Attempt, directory: string): Promise<Collected> {
    this.#note(`collect ${attempt.host}`);
    return super.collectJob(attempt, directory);
  }

  override getJobStatus(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, AttemptStatus>> {
    for (const { host } of attempts) this.#note(`status ${host}`);
    return super.getJobStatus(attempts);
  }

  override killJob(attempt: Attempt): Promise<void> {
    this.#note(`kill ${attempt.host}`);
    return super.killJob(attempt);
  }

  override recallJob(attempt: Attempt): Promise<void> {
    this.#note(`recall ${attempt.host}`);
    return super.recallJob(attempt);
  }

  override deleteJob(attempt: Attempt): Promise<void> {
    this.#note(`delete ${attempt.host}`);
    return super.deleteJob(attempt);
  }

  #note(question: string): void {
    if (this.#asked.has(question)) return;
    this.#asked.add(question);
    this.roundTrips += 1;
    setImmediate(() => this.#asked.delete(question));
  }
}
