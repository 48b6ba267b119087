/** When a job ran, in seconds by any clock. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** A job on a timeline: seconds from the first start of all, and a slot from 0. */
export interface TimelineSpan extends Interval {
  readonly slot: number;
}

/** From the first start to the last end, seconds. */
export function makespanOf(jobs: readonly Interval[]): number {
  return Math.max(...jobs.map(({ end }) => end)) - Math.min(...jobs.map(({ start }) => start));
}

/** Gives each job the slot that is free longest, as far as the times tell; clocks that round may ask for one more. */
export function layOutTimeline(jobs: readonly Interval[]): readonly TimelineSpan[] {
  const sorted = [...jobs].sort((a, b) => a.start - b.start);
  const first = sorted[0]?.start ?? 0;
  const freeFrom: number[] = [];
  return sorted.map(({ start, end }) => {
    const earliest = freeFrom.indexOf(Math.min(...freeFrom));
    const slot = (freeFrom[earliest] ?? Number.POSITIVE_INFINITY) <= start ? earliest : freeFrom.length;
    freeFrom[slot] = end;
    return { slot, start: start - first, end: end - first };
  });
}
