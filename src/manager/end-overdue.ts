import type { Recorded } from '../events/event.js';
import type { Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { type AttemptRecord, findAttempt, type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY } from '../queue/states.js';
import { createAttempt } from './attempt.js';

interface EndOptions {
  readonly batch: string;
  readonly state: BatchState;
  readonly network: Network;
}

/** Has overdue attempts ended on their hosts; on a host that cannot be asked when it returns, also by a later controller. */
export class EndOverdue {
  readonly #options: EndOptions;

  constructor(options: EndOptions) {
    this.#options = options;
  }

  /** Follows an event that the state has by now. */
  act(event: Recorded): void {
    const { state } = this.#options;
    if (event.type === 'job.overdue') {
      const job = state.jobById.get(event.job);
      const attempt = job && findAttempt(job, event.attempt);
      if (attempt) this.#end(job, attempt);
    } else if (event.type === 'host.ready') {
      for (const job of state.jobQueue.inState(STATE_BUSY)) {
        for (const attempt of liveAttempts(job)) if (attempt.host === event.host) this.#end(job, attempt);
      }
    }
  }

  #end(job: Job, attempt: AttemptRecord): void {
    if (!attempt.overdue || attempt.outcome !== null) return;
    const { batch, network } = this.#options;
    // One that did not hear is told when it is ready again.
    network.killJob(createAttempt(batch, job, attempt)).catch(() => {});
  }
}
