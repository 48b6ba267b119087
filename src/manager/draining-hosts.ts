import type { ManagerEvent } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_UNKNOWN } from '../queue/states.js';
import type { Rule } from './rule.js';

/** Lets go of a draining host once nothing of the batch is there, neither jobs nor results. */
export class DrainingHosts implements Rule {
  readonly #state: BatchState;

  constructor(state: BatchState) {
    this.#state = state;
  }

  decide(): ManagerEvent[] {
    return this.#state.hosts
      .filter((host) => host.hold?.kind === 'draining' && host.state !== STATE_DONE && this.#isEmpty(host))
      .map(({ name }) => ({ type: 'host.drained', host: name }));
  }

  #isEmpty({ name, handed }: HostRecord): boolean {
    if (handed > 0) return false;
    const { jobQueue } = this.#state;
    for (const state of [STATE_BUSY, STATE_UNKNOWN] as const) {
      for (const job of jobQueue.walk(state))
        if (liveAttempts(job).some(({ host }) => host === name)) return false;
    }
    return true;
  }
}
