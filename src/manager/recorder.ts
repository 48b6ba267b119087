import type { GpoolEvent, Recorded } from '../events/event.js';
import type { BatchStore } from '../journal/batch-store.js';
import { applyEvent } from '../queue/apply-event.js';
import type { BatchState } from '../queue/batch-state.js';

/** Keeps the one order of things: append to the store, apply to the state, then tell. */
export class Recorder {
  readonly #store: BatchStore;
  readonly #state: BatchState;
  readonly #tell: (event: Recorded, changed: boolean) => void;

  /** `tell` hears every event once, after the state has it; `changed` is false for news that told nothing new. */
  constructor(store: BatchStore, state: BatchState, tell: (event: Recorded, changed: boolean) => void) {
    this.#store = store;
    this.#state = state;
    this.#tell = tell;
  }

  /** Rejects with the store's StateError (E_JOURNAL); nothing was applied or told then. */
  async write(events: readonly GpoolEvent[]): Promise<void> {
    if (events.length === 0) return;
    for (const event of await this.#store.record(events)) this.#tell(event, applyEvent(this.#state, event));
  }
}
