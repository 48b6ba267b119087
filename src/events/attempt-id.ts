/** `<job>.<n>`: the n-th try of a job, from 1. */
export function formatAttemptId(job: string, n: number): string {
  return `${job}.${n}`;
}

/** The two parts of an attempt id. Of a text that is none, `n` is NaN. */
export function parseAttemptId(attempt: string): { readonly job: string; readonly n: number } {
  const dot = attempt.lastIndexOf('.');
  return { job: attempt.slice(0, dot), n: dot > 0 ? Number(attempt.slice(dot + 1)) : Number.NaN };
}
