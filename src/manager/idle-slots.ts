import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { isReachable } from '../queue/host-events.js';
import { STATE_FREE } from '../queue/states.js';

/** True when no job waits that could be launched now, and the batch goes on. `now` is milliseconds since 1970. */
export function isDrained({ jobQueue, stopping }: BatchState, now: number): boolean {
  if (stopping !== null) return false;
  for (const { paused, notBefore } of jobQueue.walk(STATE_FREE))
    if (!paused && notBefore <= now) return false;
  return true;
}

/** Slots of this host that a new attempt could have at once. */
export function idleSlots({ state, hold, slots, handed }: HostRecord): number {
  return state === STATE_FREE && hold === null ? (slots ?? 0) - handed : 0;
}

/** The same over all hosts. */
export function countIdleSlots({ hosts, hostQueue }: BatchState): number {
  if (!hostQueue.anyInState(STATE_FREE)) return 0;
  return hosts.reduce((sum, host) => sum + idleSlots(host), 0);
}

/** True when more was handed to the host than it can run at once. */
export function hasBacklog(host: HostRecord): boolean {
  return isReachable(host) && host.handed > (host.slots ?? 0);
}
