import type { ManagerEvent, Recorded } from '../events/event.js';

/**
 * A standing rule of the Manager: it looks at the batch once in a turn, after the news and before new launches are
 * planned, and says what should be recorded. What follows from the events is done by whoever acts on them.
 */
export interface Rule {
  /** Hears every event after the state has it. */
  observe?(event: Recorded): void;
  /** What to record now; nothing in most turns. Called again only when something happened or it asked to be woken. */
  decide(): readonly ManagerEvent[];
  /** Lets go of timers. */
  close?(): void;
}
