import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { STATE_UNKNOWN } from '../queue/states.js';

/** What came of an order. */
export interface OrderAnswer {
  /** Jobs or hosts that it changed; 0 when all of them were so already. */
  readonly changed: number;
  /** Jobs among them whose hosts cannot be asked now: those are told when they return. */
  readonly later: number;
  /** These hosts. */
  readonly laterHosts: readonly string[];
}

/** Sums up the events that an order led to; `state` has them by now. */
export function describeOrder(events: readonly ManagerEvent[], state: BatchState): OrderAnswer {
  const jobs = events.flatMap((event) => ('job' in event ? (state.jobById.get(event.job) ?? []) : []));
  const later = jobs.filter((job) => job.state === STATE_UNKNOWN);
  const laterHosts = new Set(later.flatMap(({ host }) => host ?? []));
  return { changed: events.length, later: later.length, laterHosts: [...laterHosts] };
}
