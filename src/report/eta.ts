/** Milliseconds until the rest is done at the pace so far; null when nothing is done yet. */
export function estimateRemainingMs(elapsedMs: number, done: number, total: number): number | null {
  if (done <= 0) return null;
  return Math.max(0, elapsedMs * (total / done - 1));
}
