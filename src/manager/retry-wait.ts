import type { Random } from '../random.js';

/**
 * How long a job rests before its `n`-th further attempt, milliseconds: `firstSecs` doubled each time, at most five minutes or
 * `firstSecs`, and between half and the whole of that, so that jobs which failed together do not return together.
 */
export function retryWaitMs(n: number, firstSecs: number, random: Random): number {
  if (n < 1) return 0;
  const wholeMs = Math.min(firstSecs * 2 ** Math.min(n - 1, 30) * 1000, longestWaitMs(firstSecs));
  return Math.round(wholeMs * (0.5 + random() / 2));
}

/** The longest that a job ever rests, milliseconds. */
export function longestWaitMs(firstSecs: number = DEFAULT_RETRY_DELAY_SECS): number {
  return Math.max(firstSecs, LONGEST_SECS) * 1000;
}

export const DEFAULT_RETRY_DELAY_SECS = 1;
const LONGEST_SECS = 300;
