import type { HostRecord } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';

/** Which hosts get less than their slots for now. */
export interface Reserve {
  /** Refused an attempt a moment ago. */
  readonly resting: ReadonlySet<string>;
  /** Not known to be in order: one attempt at a time. */
  readonly doubted: ReadonlySet<string>;
  /** Set aside for long enough: the next attempt tries them. */
  readonly probing: ReadonlySet<string>;
}

/** How many attempts a host may have in its slots: none on a hold, one when it is to be tried. */
export function usableSlots(
  { name, slots, hold }: HostRecord,
  { resting, doubted, probing }: Reserve,
): number {
  if (resting.has(name)) return 0;
  if (hold === null) return doubted.has(name) ? 1 : (slots ?? 0);
  return hold.kind === 'set-aside' && probing.has(name) ? 1 : 0;
}

/** Whether a host may be given more than it can run at once. */
export function mayHaveBacklog({ name, state, hold }: HostRecord, { resting, doubted }: Reserve): boolean {
  const isUp = state === STATE_FREE || state === STATE_BUSY;
  return isUp && hold === null && !resting.has(name) && !doubted.has(name);
}
