import { type Fault, JobError } from '../errors.js';
import type { Collected, ManagerEvent } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { decideRetry, type RetryFacts, type RetryPolicy } from './retry.js';

/** What came of an attempt, once nothing more will come. */
export type Result = { readonly job: Job; readonly attempt: AttemptRecord } & (
  | { readonly kind: 'collected'; readonly collected: Collected }
  /** It ended, but what it left cannot be had. */
  | { readonly kind: 'uncollected'; readonly fault: Fault }
  /** The host or the job's inputs stood in the way of a start. */
  | { readonly kind: 'refused'; readonly fault: Fault }
);

/** The one event that settles the attempt. */
export function conclude(result: Result, policy: RetryPolicy): ManagerEvent {
  const { job, attempt } = result;
  const collected = result.kind === 'collected' ? result.collected : null;
  const outcome = outcomeOf(result);
  const fault = faultOf(result, outcome);
  if (outcome.kind === 'succeeded' && fault === null && collected !== null) {
    return { type: 'job.done', job: job.id, attempt: attempt.id, collected };
  }
  const wanted = job.cancelling === null && mayRepeat(outcome, fault);
  const decision = wanted ? decideRetry(retryFacts(result, outcome), policy) : GIVE_UP;
  if (decision.kind === 'give-up') {
    return { type: 'job.failed', job: job.id, attempt: attempt.id, outcome, fault, collected };
  }
  const reason = fault ?? outcome;
  return { type: 'job.requeued', job: job.id, attempt: attempt.id, reason, counted: decision.counted };
}

function outcomeOf(result: Result): Outcome {
  if (result.kind === 'refused') return { kind: 'lost', fault: result.fault };
  const { outcome } = result.attempt;
  // Only ended attempts are collected.
  return outcome ?? { kind: 'succeeded' };
}

function faultOf(result: Result, outcome: Outcome): Fault | null {
  if (result.kind !== 'collected') return result.fault;
  const { missing } = result.collected;
  if (outcome.kind !== 'succeeded' || missing.length === 0) return null;
  const what = `the job succeeded but did not leave ${missing.join(', ')}`;
  return new JobError('E_OUTPUT_MISSING', { what, where: describeJob(result.job) }).toFault();
}

/** A job that did its work is not done again because its outputs could not be stored here. */
function mayRepeat(outcome: Outcome, fault: Fault | null): boolean {
  return outcome.kind !== 'succeeded' || fault?.code === 'E_OUTPUT_MISSING';
}

function retryFacts(result: Result, outcome: Outcome): RetryFacts {
  const { job, attempt } = result;
  const before = job.attempts.slice(job.budgetFrom).filter((earlier) => earlier !== attempt);
  const mayHaveRun = ({ startedAt }: AttemptRecord) => startedAt !== null;
  const uncounted = before.filter((earlier) => !earlier.counted);
  const losses = uncounted.filter(mayHaveRun).length;
  return {
    outcome,
    counted: before.length - uncounted.length + 1,
    losses: losses + 1,
    refusals: uncounted.length - losses + 1,
    repeatable: job.spec.repeatable,
    mayHaveRun: result.kind !== 'refused',
  };
}

/** For messages: `job 7 (sim#2)`. */
export function describeJob({ id, spec }: Job): string {
  return `job ${id} (${spec.name})`;
}

const GIVE_UP = { kind: 'give-up' } as const;
