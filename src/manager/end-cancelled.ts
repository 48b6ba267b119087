import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { STATE_FREE } from '../queue/states.js';
import type { Rule } from './rule.js';

/** A rule that ends what was cancelled on its host and waits again, however it got there: it is never launched. */
export class EndCancelled implements Rule {
  readonly #state: BatchState;

  constructor(state: BatchState) {
    this.#state = state;
  }

  decide(): readonly ManagerEvent[] {
    return [...this.#state.intents].flatMap(({ id, state, cancelling }) =>
      cancelling !== null && state === STATE_FREE
        ? [{ type: 'job.cancelling', job: id, reason: cancelling }]
        : [],
    );
  }
}
