import { type Job, tellingAttempt } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR } from '../queue/states.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { InputDigests } from './input-digests.js';
import { describeChanges, identifyJob, type RunnableJob } from './job-identity.js';

/** A job of the batch as it stands, and what its last attempt was to run. */
export interface KnownJob extends RunnableJob {
  readonly job: Job;
}

/** What is to become of a job. */
export type JobFate =
  /** It is done, and would be the same again. */
  | 'unchanged'
  /** It waits or is with a host, and is the same. */
  | 'unfinished'
  | 'failed'
  | 'changed'
  | 'new'
  | 'removed';

export interface PlannedJob {
  readonly fate: JobFate;
  /** Its id in the batch; a new job has the next free one. */
  readonly id: string;
  readonly spec: JobSpec;
  /** What is other than it was; empty unless it is changed. */
  readonly changes: readonly string[];
  /** The job of the batch; null for a new one. */
  readonly job: Job | null;
}

/**
 * Compares a batch with the jobs that are wanted now. A job is known by what it runs, else by its name: kept and changed jobs
 * keep their ids, new ones get ids that no job had before. Answers in the order of the ids. Pure.
 */
export function planUpdate(
  known: readonly KnownJob[],
  wanted: readonly JobSpec[],
  inputs: InputDigests,
  lastId: number,
): readonly PlannedJob[] {
  const matches = matchJobs(
    known,
    wanted.map((spec) => ({ spec, inputs })),
  );
  const kept = new Set(matches.values());
  const removed = known.filter((before) => !kept.has(before)).map(planRemoved);
  let id = lastId;
  const planned = [...matches].map(([after, before]) =>
    before ? planKept(before, after) : planNew(after.spec, String(++id)),
  );
  return [...planned, ...removed].sort((a, b) => Number(a.id) - Number(b.id));
}

/** Whether anything has to be run or noted. */
export function isUpToDate(planned: readonly PlannedJob[]): boolean {
  return planned.every(({ fate }) => fate === 'unchanged');
}

/** The surest matches first: same work and name, then same work, then same name. Each job is matched once. */
function matchJobs(
  known: readonly KnownJob[],
  wanted: readonly RunnableJob[],
): Map<RunnableJob, KnownJob | null> {
  const keysOf = (job: RunnableJob): string[] => {
    const identity = identifyJob(job);
    return [`${identity} ${job.spec.name}`, identity, `name ${job.spec.name}`];
  };
  const knownKeys = known.map((job) => ({ job, keys: keysOf(job) }));
  const wantedKeys = wanted.map((job) => ({ job, keys: keysOf(job) }));
  const matches = new Map<RunnableJob, KnownJob | null>(wanted.map((job) => [job, null]));
  const taken = new Set<KnownJob>();
  for (const round of [0, 1, 2]) {
    const offered = new Map<string | undefined, KnownJob[]>();
    for (const { job, keys } of knownKeys) {
      if (taken.has(job)) continue;
      const equals = offered.get(keys[round]);
      if (equals) equals.push(job);
      else offered.set(keys[round], [job]);
    }
    for (const { job, keys } of wantedKeys) {
      const found = matches.get(job) ? undefined : offered.get(keys[round])?.shift();
      if (!found) continue;
      matches.set(job, found);
      taken.add(found);
    }
  }
  return matches;
}

function planKept(before: KnownJob, after: RunnableJob): PlannedJob {
  const changes = describeChanges(before, after);
  const { job } = before;
  return { fate: fateOf(job, changes), id: job.id, spec: after.spec, changes, job };
}

function fateOf({ state }: Job, changes: readonly string[]): JobFate {
  if (changes.length > 0) return 'changed';
  if (state === STATE_DONE) return 'unchanged';
  return state === STATE_ERROR ? 'failed' : 'unfinished';
}

function planNew(spec: JobSpec, id: string): PlannedJob {
  return { fate: 'new', id, spec, changes: [], job: null };
}

function planRemoved({ job, spec }: KnownJob): PlannedJob {
  return { fate: 'removed', id: job.id, spec, changes: [], job };
}

/** The revision that says what a job's last attempt was to run; the newest for a job without one. */
export function revisionOf(job: Job, newest: number): number {
  return tellingAttempt(job)?.revision ?? newest;
}
