import type { BatchStore } from '../journal/batch-store.js';
import type { Network } from '../network/network.js';
import type { Result } from './conclude.js';

interface ClearingOptions {
  readonly network: Network;
  readonly store: BatchStore;
  /** Whether what failed is to be looked at on its host. */
  readonly keepFailed: boolean;
}

/** Lets the hosts clear away what attempts left, once that is here and the journal says so: a batch may leave more than a disk holds. */
export class Clearing {
  readonly #options: ClearingOptions;

  constructor(options: ClearingOptions) {
    this.#options = options;
  }

  /** Takes results whose conclusions are on the disk. */
  take(results: readonly Result[]): void {
    const { network, store } = this.#options;
    // Without a directory nothing was fetched.
    if (store.directory === null) return;
    for (const result of results) {
      const { id, host } = result.attempt;
      if (this.#isSafe(result)) network.clearJob({ id, host, spec: result.job.spec });
    }
  }

  /** A result that waits for another of its job is not settled; what could not be collected stays where it is. */
  #isSafe(result: Result): boolean {
    const { kind, attempt } = result;
    if (kind !== 'collected' || !attempt.settled || result.collected.skipped.some(({ data }) => data))
      return false;
    return !this.#options.keepFailed || (attempt.outcome?.kind === 'succeeded' && attempt.fault === null);
  }
}
