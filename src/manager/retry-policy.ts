import type { Clock } from '../clock.js';
import type { Outcome } from '../events/outcome.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import type { Random } from '../random.js';
import type { RetryRules } from '../spec/retry-rules.js';
import type { RetryLimits } from './retry.js';

/** An attempt that did not succeed for reasons of the job's own. */
export interface Failure {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  readonly outcome: Outcome;
}

/** What conclusions are drawn by. */
export interface RetryPolicy extends RetryLimits {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly random: Random;
  /** What an attempt costs of the job's retries: a number from 0. */
  readonly retryCost: (failure: Failure) => number;
}

/** What of a Manager's settings is about retries. */
export interface RetrySettings extends RetryRules {
  readonly retries: number;
  readonly retryCost?: ((failure: Failure) => number) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
}

/** How a Manager decides about attempts that did not succeed, as its batch stands now. */
export function createRetryPolicy(settings: RetrySettings, { hosts }: BatchState): RetryPolicy {
  const retryCost = (failure: Failure): number => askCost(failure, settings);
  return { ...settings, hosts: hosts.length, now: settings.clock.now(), retryCost };
}

/** A cost function that throws, or answers no cost, ends the retries: what it meant cannot be known. */
function askCost(failure: Failure, { retryCost, onError }: RetrySettings): number {
  if (!retryCost || !isTheJobs(failure.outcome)) return 1;
  try {
    const cost = retryCost(failure);
    return cost >= 0 ? cost : Number.POSITIVE_INFINITY;
  } catch (error) {
    onError(error);
    return Number.POSITIVE_INFINITY;
  }
}

function isTheJobs({ kind }: Outcome): boolean {
  return kind !== 'lost' && kind !== 'recalled' && kind !== 'cancelled';
}
