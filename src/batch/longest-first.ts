import type { Outcome } from '../events/outcome.js';
import type { Job } from '../queue/job.js';

/** Which of several jobs that are run again is started first. */
export type StartOrder = 'longest' | 'given';

/**
 * The jobs as they are to be started: whose run time is not known first, because it may be long, then the longest first, so
 * that hosts run out of work at about the same time. Those that are equal keep their order. Pure.
 */
export function longestFirst<T>(items: readonly T[], jobOf: (item: T) => Job | null): T[] {
  return items
    .map((item) => ({ item, ms: knownRunMs(jobOf(item)) ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => (a.ms === b.ms ? 0 : b.ms - a.ms))
    .map(({ item }) => item);
}

/** How long the longest of its attempts ran that came to an end of its own, milliseconds; null when there was none. */
export function knownRunMs(job: Job | null): number | null {
  const times = (job?.attempts ?? []).flatMap(({ outcome, usage }) =>
    // An end that no event told has no time: it comes with 0.
    outcome && usage && usage.wallMs > 0 && !CUT_SHORT.has(outcome.kind) ? [usage.wallMs] : [],
  );
  return times.length === 0 ? null : Math.max(...times);
}

const CUT_SHORT: ReadonlySet<Outcome['kind']> = new Set(['cancelled', 'recalled', 'lost']);
