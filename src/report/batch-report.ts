import type { BatchCounts } from '../events/event.js';
import { type BatchState, countJobs } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import type { State } from '../queue/states.js';
import { type FailureGroup, groupFailures } from './failure-group.js';
import { HostTotals, type HostUse } from './host-use.js';

/** What a batch came to, as data; formatting is for others. */
export interface BatchReport {
  readonly batch: string;
  readonly counts: BatchCounts;
  readonly total: number;
  /** From the batch's start to its last event, milliseconds. */
  readonly wallMs: number;
  readonly failures: readonly FailureGroup[];
  /** In the order of the pool. */
  readonly hosts: readonly HostUse[];
  /** How evenly the hosts shared the jobs that are done, 0 to 1; see `measureBalance`. */
  readonly balance: number;
  /** The attempts that ran longest, longest first. */
  readonly longest: readonly LongRun[];
}

export interface LongRun {
  readonly job: string;
  readonly name: string;
  readonly host: string;
  readonly state: State;
  readonly wallMs: number;
}

export interface ReportOptions {
  /** A job's last line of stderr by its id, to tell failures apart. */
  readonly hints?: ReadonlyMap<string, string>;
  /** How many of the longest runs to name. @default 5 */
  readonly longest?: number;
}

/** Sums up a batch. Pure; one pass over its attempts. */
export function summarize(state: BatchState, { hints, longest = 5 }: ReportOptions = {}): BatchReport {
  const totals = new HostTotals(state.hosts);
  const runs: LongRun[] = [];
  for (const job of state.jobs) {
    for (const attempt of job.attempts) totals.add(attempt);
    addRuns(runs, job);
    if (runs.length > longest + RUNS_KEPT) keepLongest(runs, longest);
  }
  const hosts = totals.result();
  return {
    batch: state.batch,
    counts: countJobs(state),
    total: state.jobs.length,
    wallMs: measureWall(state),
    failures: groupFailures(state, hints),
    hosts,
    balance: measureBalance(hosts.map(({ done }) => done)),
    longest: keepLongest(runs, longest),
  };
}

/** Shannon entropy of the shares over that of equal shares: 1 is even, 0 is all on one host. 1 when there is nothing to share. */
export function measureBalance(shares: readonly number[]): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.length < 2 || total === 0) return 1;
  const parts = shares.filter((share) => share > 0).map((share) => share / total);
  const entropy = parts.reduce((sum, part) => sum - part * Math.log(part), 0);
  return entropy / Math.log(shares.length);
}

/** The wall clock may have been set back meanwhile: never negative. */
function measureWall({ startedAt, lastAt }: BatchState): number {
  return startedAt === null ? 0 : Math.max(0, Date.parse(lastAt) - startedAt);
}

function addRuns(runs: LongRun[], job: Job): void {
  for (const { host, usage } of job.attempts) {
    if (usage) runs.push({ job: job.id, name: job.spec.name, host, state: job.state, wallMs: usage.wallMs });
  }
}

function keepLongest(runs: LongRun[], count: number): LongRun[] {
  runs.sort((a, b) => b.wallMs - a.wallMs);
  runs.length = Math.min(runs.length, count);
  return runs;
}

/** Sorting now and then is cheaper than keeping order; holding a million runs is not. */
const RUNS_KEPT = 1000;
