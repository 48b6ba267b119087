/** `<job>.<n>`: the n-th try of a job, from 1. */
export function formatAttemptId(job: string, n: number): string {
  return `${job}.${n}`;
}

/** The two parts of an attempt id. Of a text that is none, `n` is NaN. */
export function parseAttemptId(attempt: string): { readonly job: string; readonly n: number } {
  const dot = attempt.lastIndexOf('.');
  return { job: attempt.slice(0, dot), n: dot > 0 ? Number(attempt.slice(dot + 1)) : Number.NaN };
}

/** The number that decimal digits make, from `start` to `end`; NaN when there is anything else, or nothing. Makes no string. */
export function parseDigits(text: string, start = 0, end = text.length): number {
  let value = start < end ? 0 : Number.NaN;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const ZERO = 0x30;
