import type { Outcome } from '../events/outcome.js';

/** What the decision about a failed attempt depends on. */
export interface RetryFacts {
  readonly outcome: Outcome;
  /** Attempts that count against the limit, this one included. */
  readonly counted: number;
  /** Attempts that were lost after they may have run, this one included. */
  readonly losses: number;
  /** Attempts that hosts refused, this one included. */
  readonly refusals: number;
  /** False when no second attempt may be made after one that may have run. */
  readonly repeatable: boolean;
  /** Whether the attempt may have run. */
  readonly mayHaveRun: boolean;
}

export interface RetryPolicy {
  /** Further attempts after one that failed. */
  readonly retries: number;
  /** Hosts in the pool: a job is given to each of them before it gives up because they refuse it. */
  readonly hosts: number;
}

export type RetryDecision =
  | { readonly kind: 'give-up' }
  | { readonly kind: 'requeue'; readonly counted: boolean };

/** Whether a job whose attempt did not succeed gets another one. A fault of a host or the link costs the job no attempt. */
export function decideRetry(facts: RetryFacts, policy: RetryPolicy): RetryDecision {
  if (facts.outcome.kind === 'cancelled') return GIVE_UP;
  if (isNotTheJobs(facts.outcome)) {
    return mayGoOn(facts, policy) ? { kind: 'requeue', counted: false } : GIVE_UP;
  }
  // Inputs that cannot be read here cannot be read on the next host either.
  if (facts.outcome.kind === 'lost') return GIVE_UP;
  return facts.counted <= policy.retries ? { kind: 'requeue', counted: true } : GIVE_UP;
}

/** A job that was lost on three hosts may be what brings them down. */
function mayGoOn(facts: RetryFacts, { hosts }: RetryPolicy): boolean {
  if (facts.mayHaveRun) return facts.repeatable && facts.losses < MOST_LOSSES;
  return facts.refusals < Math.max(MOST_LOSSES, hosts);
}

/** True when the host or the link is to blame. */
function isNotTheJobs(outcome: Outcome): boolean {
  if (outcome.kind !== 'lost') return false;
  const { domain, code } = outcome.fault;
  return domain !== 'spec' && domain !== 'state' && code !== 'E_INPUT_CHANGED';
}

const GIVE_UP: RetryDecision = { kind: 'give-up' };
const MOST_LOSSES = 3;
