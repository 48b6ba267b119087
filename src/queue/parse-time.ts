/** `Date.parse` of a time that is often the same as that of the call before: many events share a millisecond. */
export function parseTime(at: string): number {
  if (at !== last.at) last = { at, ms: Date.parse(at) };
  return last.ms;
}

let last = { at: '', ms: Number.NaN };
