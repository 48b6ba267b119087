/** What the size of a host's backlog depends on. */
export interface BacklogFacts {
  /** Slots of this host. */
  readonly slots: number;
  /** Slots of all hosts that can be used. */
  readonly totalSlots: number;
  /** Median run time of the jobs that ended lately, milliseconds; null until one ended. */
  readonly medianMs: number | null;
  /** Jobs that wait for a host. */
  readonly waiting: number;
}

/**
 * How many attempts to hand to a host beyond its slots, so that it never waits for us between short jobs: enough for
 * half a second of work, none while the jobs' length is unknown or is a second or more. Near the end of the queue a
 * host gets at most half of its fair share of what waits, so that no host is left with a tail of its own: more if it is done
 * with that in a tenth of a second. One that is alone keeps back a job for each slot, for hosts that may come.
 */
export function planBacklog({ slots, totalSlots, medianMs, waiting }: BacklogFacts): number {
  if (medianMs === null || !needsBacklog(medianMs) || slots === 0) return 0;
  const jobsIn = (ms: number): number => (slots * ms) / Math.max(medianMs, SHORTEST_MS);
  const share = (waiting * slots) / totalSlots;
  const most = slots === totalSlots ? waiting - slots : Math.min(share, jobsIn(SHORT_TAIL_MS));
  return Math.min(Math.ceil(jobsIn(AHEAD_MS)), Math.floor(Math.max(share / 2, most)), MAX_BACKLOG);
}

/** False while the jobs' length is unknown, and for jobs so long that a pause between them does not matter. */
export function needsBacklog(medianMs: number | null): boolean {
  return medianMs !== null && medianMs < LONG_MS;
}

const AHEAD_MS = 500;
const SHORT_TAIL_MS = 100;
const LONG_MS = 1000;
const SHORTEST_MS = 0.5;
const MAX_BACKLOG = 1024;
