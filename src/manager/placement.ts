import type { HostRecord } from '../queue/batch-state.js';
import type { Random } from '../random.js';

/**
 * Which host is next: `random` = any with room, `pack` = fill one before the next, in the inventory's order, `spread` = the
 * one with the smallest part of its slots taken.
 */
export type Placement = 'random' | 'pack' | 'spread';

export const PLACEMENTS: readonly Placement[] = ['random', 'pack', 'spread'];

/** A host with room for at least one more attempt while a round of launches is planned. */
export interface Room {
  readonly host: HostRecord;
  /** Attempts it would have with what is planned so far. */
  handed: number;
  /** How many it may have. */
  readonly capacity: number;
}

/** The place in `rooms` of the host to use next; there must be one. */
export function chooseRoom(rooms: readonly Room[], placement: Placement, random: Random): number {
  switch (placement) {
    case 'random':
      return Math.floor(random() * rooms.length);
    case 'pack':
      return 0;
    case 'spread':
      return leastLoaded(rooms);
  }
}

function leastLoaded(rooms: readonly Room[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  rooms.forEach((room, at) => {
    const load = room.handed / (room.host.slots ?? 1);
    if (load >= least) return;
    best = at;
    least = load;
  });
  return best;
}
