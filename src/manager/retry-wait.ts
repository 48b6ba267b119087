import type { Random } from '../random.js';

/**
 * How long a job rests before its `n`-th further attempt, milliseconds: `firstSecs` doubled each time, at most five minutes or
 * `firstSecs`, and between half and the whole of that, so that jobs which failed together do not return together.
 */
export function retryWaitMs(n: number, firstSecs: number, random: Random): number {
  if (n < 1) return 0;
  const whole = Math.min(firstSecs * 2 ** Math.min(n - 1, 30), Math.max(firstSecs, LONGEST_SECS));
  return Math.round(whole * 1000 * (0.5 + random() / 2));
}

export const DEFAULT_RETRY_DELAY_SECS = 1;
const LONGEST_SECS = 300;
