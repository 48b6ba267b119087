import type { Outcome } from '../events/outcome.js';
import type { AttemptStatus } from '../network/network.js';
import { outcomeFromStatus } from './reconcile.js';

/** Ends that no event told. An attempt that was found ended twice in a row counts as one: the news had time to come. */
export class SilentEnds {
  #suspects: ReadonlySet<string> = new Set();
  #found = new Map<string, Outcome>();

  /** Takes the answers about all attempts that were open, by attempt id. */
  note(statuses: ReadonlyMap<string, AttemptStatus>): void {
    const suspects = new Set<string>();
    for (const [id, status] of statuses) {
      const outcome = outcomeFromStatus(status);
      if (outcome === null) continue;
      if (this.#suspects.has(id)) this.#found.set(id, outcome);
      else suspects.add(id);
    }
    this.#suspects = suspects;
  }

  /** An end that is certain. */
  add(id: string, outcome: Outcome): void {
    this.#found.set(id, outcome);
  }

  /** What was found since the last call. */
  take(): ReadonlyMap<string, Outcome> {
    const found = this.#found;
    this.#found = new Map();
    return found;
  }
}
