/** A broken promise: which invariant, and what is seen of it. */
export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/**
 * I1 one accepted result for each job; I2 it is the worker's own; I3 an attempt runs at most once; I4 the journal is gap-free and
 * replays to the same state; I5 no broken file under a final name; I6 nothing else changed here; I7 no process is left on a
 * host; I8 no secret is anywhere.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

export function violation(invariant: Invariant, what: string): Violation {
  return { invariant, what };
}
