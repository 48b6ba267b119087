/** When the last job ends if each goes, in the order of the list, to the slot that is free first. Seconds. */
export function listSchedule(durations: readonly number[], slots: number): number {
  const free = new Array<number>(slots).fill(0);
  for (const duration of durations) {
    const next = free.indexOf(Math.min(...free));
    free[next] = (free[next] ?? 0) + duration;
  }
  return Math.max(...free);
}
