import { SpecError } from '../errors.js';

/**
 * A way to fail that a rule about retries may name: an exit code, or what ended the job instead of one. A job that the
 * host's kernel ended for want of memory is `oom` as well as `signal`.
 */
export type RetryCause = number | 'signal' | 'oom' | 'timeout';

/** When a job that failed is tried again. A job's own rules go before its batch's, one by one. */
export interface RetryRules {
  /** Further attempts after one that failed, on another host first. @default 0 */
  readonly retries?: number;
  /** Only what failed in one of these ways is tried again. @default every way */
  readonly retryOn?: readonly RetryCause[];
  /** What failed in one of these ways is never tried again; goes before `retryOn`. @default none */
  readonly neverRetry?: readonly RetryCause[];
  /**
   * Seconds to wait before the first further attempt; twice as long before each later one, at most five minutes (or this,
   * if it is longer), and at random between half and the whole of it. @default 1
   */
  readonly retryDelaySecs?: number;
}

const RETRY_WORDS = ['signal', 'oom', 'timeout'] as const;

/** What is wrong with a cause, or null. */
export function findCauseProblem(cause: unknown): string | null {
  if (RETRY_WORDS.some((word) => word === cause)) return null;
  if (cause === 0) return '0 is success, which is never tried again';
  const isCode = typeof cause === 'number' && Number.isInteger(cause) && cause >= 1 && cause <= 255;
  if (isCode) return null;
  return `${JSON.stringify(cause)} is no exit code from 1 to 255, nor one of ${RETRY_WORDS.join(', ')}`;
}

/** Reads `75,80,signal`. Throws a SpecError (E_USAGE) about `where`. */
export function parseRetryCauses(text: string, where: string): RetryCause[] {
  return text.split(',').map((part) => {
    const word = part.trim();
    const named = RETRY_WORDS.find((known) => known === word);
    if (named) return named;
    const what = findCauseProblem(/^\d+$/.test(word) ? Number(word) : word);
    if (what === null) return Number(word);
    const next = 'Name exit codes and signal, oom or timeout, with commas between them: 75,80,signal.';
    throw new SpecError('E_USAGE', { what, where, next });
  });
}
