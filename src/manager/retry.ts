import type { Outcome } from '../events/outcome.js';
import type { RetryCause, RetryRules } from '../spec/retry-rules.js';

/** What the decision about a failed attempt depends on. */
export interface RetryFacts {
  readonly outcome: Outcome;
  /** Attempts that count against the limit, this one included. */
  readonly counted: number;
  /** What they cost together: as many, unless a cost function says otherwise. */
  readonly cost: number;
  /** Attempts that were lost after they may have run, this one included. */
  readonly losses: number;
  /** Attempts that hosts refused, this one included. */
  readonly refusals: number;
  /** Attempts in which the job asked for another host, this one included. */
  readonly requests: number;
  /** False when no second attempt may be made after one that may have run. */
  readonly repeatable: boolean;
  /** Whether a hard halt of the batch ended it: the job is wanted again when the batch is gone on with. */
  readonly halted: boolean;
  /** Whether the attempt may have run. */
  readonly mayHaveRun: boolean;
}

export interface RetryLimits extends RetryRules {
  readonly retries: number;
  /** Hosts in the pool: a job is given to each of them before it gives up because they refuse it. */
  readonly hosts: number;
}

export type RetryDecision =
  | { readonly kind: 'give-up' }
  /** `wait`: the how-manieth wait, from 1, comes first; 0 for none. */
  | { readonly kind: 'requeue'; readonly counted: boolean; readonly wait: number };

/** Whether a job whose attempt did not succeed gets another one. A fault of a host or the link costs the job no attempt. */
export function decideRetry(facts: RetryFacts, policy: RetryLimits): RetryDecision {
  const { outcome } = facts;
  if (outcome.kind === 'recalled') return AGAIN;
  if (outcome.kind === 'cancelled') return facts.halted && facts.repeatable ? AGAIN : GIVE_UP;
  if (isNotTheJobs(outcome)) return mayGoOn(facts, policy) ? AGAIN : GIVE_UP;
  // Inputs that cannot be read here cannot be read on the next host either.
  if (outcome.kind === 'lost') return GIVE_UP;
  return decideFailure(facts, policy);
}

/** The exit code by which a job says that it wants another host, as Grid Engine has it. */
export const EXIT_ELSEWHERE = 99;

/** True when the job asked for another host. */
export function asksElsewhere(outcome: Outcome | null): boolean {
  return outcome?.kind === 'failed' && outcome.code === EXIT_ELSEWHERE;
}

function decideFailure(facts: RetryFacts, policy: RetryLimits): RetryDecision {
  const { retries, retryOn, neverRetry = [] } = policy;
  const causes = listCauses(facts.outcome);
  const isOneOf = (listed: readonly RetryCause[]): boolean => causes.some((cause) => listed.includes(cause));
  if (isOneOf(neverRetry)) return GIVE_UP;
  if (asksElsewhere(facts.outcome))
    return facts.requests < MOST_REQUESTS
      ? { kind: 'requeue', counted: false, wait: facts.requests }
      : GIVE_UP;
  if (retryOn && !isOneOf(retryOn)) return GIVE_UP;
  return facts.cost <= retries ? { kind: 'requeue', counted: true, wait: facts.counted } : GIVE_UP;
}

function listCauses(outcome: Outcome): RetryCause[] {
  if (outcome.kind === 'failed') return [outcome.code];
  if (outcome.kind === 'timed-out') return ['timeout'];
  if (outcome.kind !== 'killed') return [];
  return outcome.oom ? ['oom', 'signal'] : ['signal'];
}

/** A job that was lost on three hosts may be what brings them down. */
function mayGoOn(facts: RetryFacts, { hosts }: RetryLimits): boolean {
  const most = MOST_REFUSALS * Math.max(1, hosts);
  if (facts.mayHaveRun) return facts.repeatable && facts.losses < MOST_LOSSES && facts.refusals < most;
  return facts.refusals < Math.max(MOST_LOSSES, hosts);
}

/** True when the host or the link is to blame. */
function isNotTheJobs(outcome: Outcome): boolean {
  if (outcome.kind !== 'lost') return false;
  const { domain, code } = outcome.fault;
  return domain !== 'spec' && domain !== 'state' && code !== 'E_INPUT_CHANGED';
}

const GIVE_UP: RetryDecision = { kind: 'give-up' };
const AGAIN: RetryDecision = { kind: 'requeue', counted: false, wait: 0 };
const MOST_LOSSES = 3;
const MOST_REQUESTS = 20;
/** Refusals that come as news, by host: more than one host can give in the time after which it is given up. */
const MOST_REFUSALS = 20;
