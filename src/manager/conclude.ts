import { type Fault, JobError } from '../errors.js';
import type { Collected, ManagerEvent } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { leftBehind } from '../queue/left-behind.js';
import { isHostFault } from './host-evidence.js';
import { asksElsewhere, decideRetry, type RetryFacts } from './retry.js';
import type { RetryPolicy } from './retry-policy.js';
import { DEFAULT_RETRY_DELAY_SECS, retryWaitMs } from './retry-wait.js';

/** What came of an attempt, once nothing more will come. */
export type Result = { readonly job: Job; readonly attempt: AttemptRecord } & (
  | { readonly kind: 'collected'; readonly collected: Collected }
  /** It ended, but what it left cannot be had. */
  | { readonly kind: 'uncollected'; readonly fault: Fault }
  /** The host or the job's inputs stood in the way of a start. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** Its host was silent for so long that it counts as lost. */
  | { readonly kind: 'lost'; readonly fault: Fault }
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
  const again =
    job.cancelling === null && mayRepeat(outcome, fault) ? requeue(result, outcome, policy) : null;
  if (again === null)
    return { type: 'job.failed', job: job.id, attempt: attempt.id, outcome, fault, collected };
  return { type: 'job.requeued', job: job.id, attempt: attempt.id, reason: fault ?? outcome, ...again };
}

/** What had to be left on its host when the job was given up is here; null for every other result. */
export function concludeLate(result: Result): ManagerEvent | null {
  const { job, attempt, kind } = result;
  if (kind !== 'collected' || leftBehind(job) !== attempt) return null;
  const fault = faultOf(result, outcomeOf(result));
  return { type: 'job.collected', job: job.id, attempt: attempt.id, fault, collected: result.collected };
}

type Requeue = Pick<Extract<ManagerEvent, { type: 'job.requeued' }>, 'counted' | 'cost' | 'notBefore'>;

/** How the job goes back to waiting; null when it gives up. */
function requeue(result: Result, outcome: Outcome, policy: RetryPolicy): Requeue | null {
  const { job, attempt } = result;
  const rules = { ...policy, ...job.spec.retry };
  const cost = policy.retryCost({ job, attempt, outcome });
  const decision = decideRetry(retryFacts(result, outcome, cost), rules);
  if (decision.kind === 'give-up') return null;
  const { counted, wait } = decision;
  const waitMs = retryWaitMs(wait, rules.retryDelaySecs ?? DEFAULT_RETRY_DELAY_SECS, policy.random);
  return {
    counted,
    ...(counted && cost !== 1 && { cost }),
    ...(waitMs > 0 && { notBefore: policy.now + waitMs }),
  };
}

function outcomeOf(result: Result): Outcome {
  if (result.kind === 'refused' || result.kind === 'lost') return { kind: 'lost', fault: result.fault };
  const { outcome } = result.attempt;
  // A host that gave it back has ended it as well.
  if (outcome?.kind === 'recalled' && result.job.cancelling !== null) return { kind: 'cancelled' };
  if (outcome?.kind === 'succeeded' && result.kind === 'uncollected' && isGone(result.fault))
    return { kind: 'lost', fault: result.fault };
  // Only ended attempts are collected.
  return outcome ?? { kind: 'succeeded' };
}

/** What it did is lost with what its host kept of it. */
function isGone(fault: Fault | null): boolean {
  return fault?.code === 'E_STORE_GONE';
}

function faultOf(result: Result, outcome: Outcome): Fault | null {
  // That a lost attempt left nothing follows from its loss.
  if (result.kind === 'uncollected' && result.attempt.outcome?.kind === 'lost') return null;
  if (result.kind !== 'collected') return result.fault;
  const { missing, unfit = [] } = result.collected;
  if (outcome.kind !== 'succeeded' || missing.length === 0) return null;
  const what = describeMissing(missing, unfit);
  return new JobError('E_OUTPUT_MISSING', { what, where: describeJob(result.job) }).toFault();
}

function describeMissing(missing: readonly string[], unfit: NonNullable<Collected['unfit']>): string {
  const known = new Set(unfit.map(({ pattern }) => pattern));
  const absent = missing.filter((pattern) => !known.has(pattern));
  return [
    ...(absent.length > 0 ? [`the job succeeded but did not leave ${absent.join(', ')}`] : []),
    ...unfit.map(({ pattern, why }) => `the return ${pattern} cannot come: ${why}`),
  ].join('; ');
}

/** A job that did its work is not done again because its outputs could not be stored here. */
function mayRepeat(outcome: Outcome, fault: Fault | null): boolean {
  return outcome.kind !== 'succeeded' || fault?.code === 'E_OUTPUT_MISSING';
}

function retryFacts(result: Result, outcome: Outcome, cost: number): RetryFacts {
  const { job, attempt } = result;
  const before = job.attempts.slice(job.budgetFrom).filter((earlier) => earlier !== attempt);
  const counted = before.filter((earlier) => earlier.counted);
  const uncounted = before.filter((earlier) => !earlier.counted);
  const lost = uncounted.filter((earlier) => earlier.outcome?.kind === 'lost' || isGone(earlier.fault));
  const losses = lost.filter((earlier) => earlier.startedAt !== null || mayHaveBegun(earlier)).length;
  return {
    outcome,
    counted: counted.length + 1,
    cost: counted.reduce((sum, earlier) => sum + earlier.cost, cost),
    losses: losses + 1,
    refusals: lost.length - losses + 1,
    requests: uncounted.filter((earlier) => asksElsewhere(earlier.outcome)).length + 1,
    repeatable: job.spec.repeatable,
    halted: attempt.halted,
    mayHaveRun: result.kind !== 'refused',
  };
}

/** Whether it was lost in a way that does not tell whether it began. */
function mayHaveBegun({ outcome, fault }: AttemptRecord): boolean {
  return isGone(fault) || (outcome?.kind === 'lost' && UNCLEAR.has(outcome.fault.code));
}

const UNCLEAR: ReadonlySet<string> = new Set(['E_STORE_GONE', 'E_REBOOTED', 'E_SUPERVISOR']);

/** For messages: `job 7 (sim#2)`. */
export function describeJob({ id, spec }: Job): string {
  return `job ${id} (${spec.name})`;
}

/** Whether the host would not start it, whenever it said so. */
export function isRefusal(result: Result): boolean {
  if (result.kind === 'refused') return result.fault.domain === 'host';
  const { outcome, startedAt } = result.attempt;
  return outcome?.kind === 'lost' && startedAt === null && isHostFault(outcome.fault);
}
