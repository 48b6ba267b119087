import type { BatchState } from '../queue/batch-state.js';
import { STATE_UNKNOWN } from '../queue/states.js';
import type { BacklogFacts } from './backlog.js';

/** How many attempts to hand to a host beyond its slots when nobody will be there to hand over more: its share of all that waits. */
export function planFullShare({ slots, totalSlots, waiting }: BacklogFacts): number {
  if (slots === 0) return 0;
  return Math.min(Math.ceil((waiting * slots) / totalSlots), MOST_IN_BACKLOG);
}

/** Whether every host was ready or has failed once: the shares are known then. */
export function wereTried({ hosts }: BatchState): boolean {
  return hosts.every(({ state, fault }) => state !== STATE_UNKNOWN || fault !== null);
}

/** Why a batch stopped whose hosts go on by themselves. */
export const DETACHED = 'detached';

/** A host keeps its backlog in memory, and a directory for each attempt. */
const MOST_IN_BACKLOG = 10_000;
