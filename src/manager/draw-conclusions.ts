import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { findHost, isReachable } from '../queue/host-events.js';
import { type Job, liveAttempts } from '../queue/job.js';
import { conclude, concludeLate, type Result } from './conclude.js';
import type { RetryPolicy } from './retry-policy.js';

/** What the results of a turn come to. */
export interface Conclusions {
  readonly events: ManagerEvent[];
  /** Results to look at again once the events are applied: a second one of the same job. */
  readonly later: Result[];
}

/**
 * Settles the attempts that came to an end, one for each job. The first success decides a job, whatever its other attempts
 * do; what is no success decides it only when no other one has succeeded or is under way on a host that can be asked.
 */
export function drawConclusions(
  state: BatchState,
  results: readonly Result[],
  policy: RetryPolicy,
): Conclusions {
  const concluded = new Set<Job>();
  const conclusions: Conclusions = { events: [], later: [] };
  for (const result of results) {
    const late = concludeLate(result);
    if (late) conclusions.events.push(late);
    if (!isCurrent(result)) continue;
    if (concluded.has(result.job)) conclusions.later.push(result);
    else conclusions.events.push(settle(state, result, policy));
    concluded.add(result.job);
  }
  return conclusions;
}

/** False for a result of an attempt that was settled, or that spoke up after it seemed refused. */
function isCurrent({ kind, attempt }: Result): boolean {
  if (attempt.settled) return false;
  return kind !== 'refused' || (attempt.startedAt === null && attempt.outcome === null);
}

function settle(state: BatchState, result: Result, policy: RetryPolicy): ManagerEvent {
  const conclusion = conclude(result, policy);
  const { job, attempt } = result;
  const others = liveAttempts(job).filter((other) => other !== attempt);
  // A success is waited for: it is only to be fetched.
  const goesOn = others.some(
    ({ host, outcome }) => outcome?.kind === 'succeeded' || isReachable(findHost(state, host)),
  );
  return goesOn ? drop(conclusion, result) : conclusion;
}

/** Only a success may decide while others are under way. */
function drop(conclusion: ManagerEvent, { job, attempt }: Result): ManagerEvent {
  const ids = { job: job.id, attempt: attempt.id };
  if (conclusion.type === 'job.failed') {
    const { outcome, fault } = conclusion;
    return { type: 'job.dropped', ...ids, outcome, fault };
  }
  if (conclusion.type !== 'job.requeued') return conclusion;
  const { reason } = conclusion;
  if ('kind' in reason) return { type: 'job.dropped', ...ids, outcome: reason, fault: null };
  const outcome = attempt.outcome ?? { kind: 'lost', fault: reason };
  return { type: 'job.dropped', ...ids, outcome, fault: reason };
}
