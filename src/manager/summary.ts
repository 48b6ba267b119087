import type { Fault } from '../errors.js';
import type { BatchCounts, HostWarning } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import { type BatchState, countJobs } from '../queue/batch-state.js';
import { type Job, tellingAttempt } from '../queue/job.js';
import { leftBehind } from '../queue/left-behind.js';
import { STATE_BUSY, STATE_ERROR, STATE_UNKNOWN } from '../queue/states.js';

/**
 * Why a Manager is through: `complete` = every job is done or gave up, `stopped` = it was told to stop, `halted` = a halt
 * rule stopped it, or nothing could be started at all, `no-host` = jobs wait and no host can be used, `incomplete` = what is
 * left is on hosts that cannot be asked any more.
 */
export type SummaryKind = 'complete' | 'stopped' | 'halted' | 'no-host' | 'incomplete';

/** How a batch went, as far as this Manager took it. */
export interface BatchSummary {
  readonly kind: SummaryKind;
  /** Why it was stopped; null unless `kind` is `stopped` or `halted`. */
  readonly reason: string | null;
  readonly counts: BatchCounts;
  /** Jobs that gave up, in the order of giving up. */
  readonly failures: readonly JobFailure[];
  /** Jobs that are still with a host: they go on there. */
  readonly unfinished: readonly UnfinishedJob[];
  /** Hosts that cannot be used or asked now, and why. */
  readonly hostFaults: readonly { readonly host: string; readonly fault: Fault }[];
  /** What is to be known of hosts although it fails no job. */
  readonly warnings: readonly HostWarning[];
  /** Controller's clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface JobFailure {
  readonly job: string;
  readonly name: string;
  readonly host: string;
  readonly outcome: Outcome;
  /** Set when something other than the outcome failed it. */
  readonly fault: Fault | null;
  /** What it left is on its host still, because it could not be fetched: going on with the batch fetches it. */
  readonly isLeft: boolean;
}

export interface UnfinishedJob {
  readonly job: string;
  readonly name: string;
  readonly host: string;
  /** True when the host can be asked. */
  readonly reachable: boolean;
}

/** The summary of a state. `times` are milliseconds since 1970. */
export function summarizeBatch(
  state: BatchState,
  end: { readonly kind: SummaryKind; readonly reason: string | null },
  times: { readonly startedAt: number; readonly endedAt: number },
): BatchSummary {
  const busy = state.jobQueue.inState(STATE_BUSY).map((job) => describeUnfinished(job, true));
  const unknown = state.jobQueue.inState(STATE_UNKNOWN).map((job) => describeUnfinished(job, false));
  return {
    ...end,
    counts: countJobs(state),
    failures: state.jobQueue.inState(STATE_ERROR).map(describeFailure),
    unfinished: [...busy, ...unknown],
    hostFaults: state.hosts.flatMap(({ name, fault }) => (fault ? [{ host: name, fault }] : [])),
    warnings: [...state.warnings],
    ...times,
  };
}

function describeFailure(job: Job): JobFailure {
  const attempt = tellingAttempt(job);
  const outcome = attempt?.outcome ?? { kind: 'cancelled' };
  return {
    job: job.id,
    name: job.spec.name,
    host: attempt?.host ?? '',
    outcome,
    fault: attempt?.fault ?? null,
    isLeft: leftBehind(job) !== null,
  };
}

function describeUnfinished(job: Job, reachable: boolean): UnfinishedJob {
  return { job: job.id, name: job.spec.name, host: job.host ?? '', reachable };
}
