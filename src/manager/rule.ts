import type { Clock } from '../clock.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { AttemptStatus } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Random } from '../random.js';

/** What a rule may look at. */
export interface RuleContext {
  readonly state: BatchState;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks for another turn. */
  readonly notify: () => void;
}

/**
 * A standing rule of the Manager: it looks at the batch once in a turn, after the news and before new launches are
 * planned, and says what should be recorded. What follows from the events is done by whoever acts on them.
 */
export interface Rule {
  /** Hears every event after the state has it. */
  observe?(event: Recorded): void;
  /** Hears what the hosts say of the attempts that are open, now and then. */
  hear?(statuses: ReadonlyMap<string, AttemptStatus>): void;
  /** What to record now; nothing in most turns. Called again only when something happened or it asked to be woken. */
  decide(): readonly ManagerEvent[];
  /** Lets go of timers. */
  close?(): void;
}
