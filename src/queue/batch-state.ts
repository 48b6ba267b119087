import type { ErrorCode, Fault } from '../errors.js';
import { parseDigits } from '../events/attempt-id.js';
import type { BatchCounts, HostFacts, HostWarning, StopMode } from '../events/event.js';
import type { Host } from '../spec/host.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { Job } from './job.js';
import { Queue } from './queue.js';
import {
  STATE_BUSY,
  STATE_DONE,
  STATE_ERROR,
  STATE_FREE,
  STATE_UNKNOWN,
  STATES,
  type State,
} from './states.js';

/** Why a host gets nothing new. A host that is set aside gets one job, to try it, after `untilMs` (since 1970). */
export type Hold =
  | { readonly kind: 'held' | 'draining'; readonly reason: string }
  | {
      readonly kind: 'set-aside';
      readonly reason: string;
      readonly code: ErrorCode;
      readonly untilMs: number;
    };

/** A host in a batch. Changes through events only. */
export interface HostRecord {
  readonly name: string;
  state: State;
  /** Null until it was ready once. */
  slots: number | null;
  facts: HostFacts | null;
  /** Why it is unknown or set aside. */
  fault: Fault | null;
  /** Attempts handed to it that have not ended, running or in its backlog. */
  handed: number;
  /** Those of them that have started. */
  running: number;
  /** Jobs that succeeded here. */
  done: number;
  /** Jobs that failed for good here. */
  failed: number;
  hold: Hold | null;
  /** How often it was set aside since it last was in order. */
  setAsides: number;
  /** How many times as long its jobs take as those of the others; null unless it is slow. */
  slow: number | null;
  /** Its description, when that is not the one the batch began with. */
  description: Host | null;
}

/** Something that finds an object by its name. */
export interface Lookup<T> {
  get(name: string): T | undefined;
}

/** Finds jobs by their ids, or their `index`. */
export interface JobLookup extends Lookup<Job> {
  at(index: number): Job | undefined;
}

/** All that is known of a batch. A pure reduction of its events: see `applyEvent`. */
export interface BatchState {
  /** Empty until `batch.started`. */
  batch: string;
  readonly jobs: readonly Job[];
  readonly jobById: JobLookup;
  readonly jobQueue: Queue<Job, State>;
  /** A host stays in the list when it is let go of; these three are replaced when one joins. */
  hosts: readonly HostRecord[];
  hostByName: Lookup<HostRecord>;
  hostQueue: Queue<HostRecord, State>;
  /** Ids of jobs that it had in an earlier revision. */
  readonly removed: ReadonlySet<string>;
  /** The revision of `batch.json` that this state was made of. */
  readonly madeOf: number;
  /** The revision that the events have come to, from 1. */
  revision: number;
  /** The last event applied. */
  seq: number;
  /** When it was recorded, ISO 8601 UTC; empty before the first. */
  lastAt: string;
  /** When the batch started, milliseconds since 1970. */
  startedAt: number | null;
  /** How far each host's event file was read; a host without news has no entry. */
  readonly offsets: Record<string, number>;
  /** The store that each host told of last. */
  readonly stores: Record<string, string>;
  /** Jobs of which a person wanted something while they were not settled: their hosts are told, again when they return. */
  readonly intents: Set<Job>;
  /** At most so many attempts handed out at once; null when nobody said so while the batch ran. */
  maxRunning: number | null;
  /** Why nothing more is launched. */
  stopping: string | null;
  /** What becomes of the jobs that hosts have; null unless it stops. */
  stopMode: StopMode | null;
  /** Jobs that were settled since the batch was started, or was last gone on with after a stop. */
  tally: { done: number; failed: number };
  /** What is to be known of hosts although it fails no job: the first thousand. */
  readonly warnings: HostWarning[];
  ended: boolean;
}

/** What tells a batch that was changed after it had been started from a new one. */
export interface Revision {
  /** @default 1 */
  readonly revision?: number | undefined;
  /** Ids that the jobs skip. @default none */
  readonly removed?: readonly string[] | undefined;
  /** Ids of jobs that are started after the others, in this order. @default none: all in that of the list */
  readonly startOrder?: readonly string[] | undefined;
}

/** The state before the first event: every job waits, no host was asked yet. Throws a StateError on a host listed twice. */
export function createBatchState(
  specs: readonly JobSpec[],
  hosts: readonly string[],
  { revision: madeOf = 1, removed: left = [], startOrder = [] }: Revision = {},
): BatchState {
  const removed = new Set(left);
  const jobs = createJobs(specs, removed);
  const placeOf = findPlaces(jobs);
  const at = (index: number): Job | undefined => jobs[placeOf(index)];
  const jobById: JobLookup = { at, get: (id) => findById(at, id) };
  const records = hosts.map(createHostRecord);
  const hostQueue = new Queue<HostRecord, State>(STATES, records);
  for (const record of records) hostQueue.setState(record, STATE_UNKNOWN);
  return {
    batch: '',
    jobs,
    jobById,
    jobQueue: queueJobs(new Queue(STATES, jobs, ({ index }) => placeOf(index)), jobById, startOrder),
    hosts: records,
    hostByName: new Map(records.map((record) => [record.name, record])),
    hostQueue,
    removed,
    madeOf,
    revision: 1,
    seq: 0,
    lastAt: '',
    startedAt: null,
    // No prototype: a host may have any name.
    offsets: Object.create(null),
    stores: Object.create(null),
    intents: new Set(),
    maxRunning: null,
    stopping: null,
    stopMode: null,
    tally: { done: 0, failed: 0 },
    warnings: [],
    ended: false,
  };
}

/** Jobs by state. O(1). */
export function countJobs({ jobQueue }: BatchState): BatchCounts {
  return {
    free: jobQueue.count(STATE_FREE),
    busy: jobQueue.count(STATE_BUSY),
    done: jobQueue.count(STATE_DONE),
    unknown: jobQueue.count(STATE_UNKNOWN),
    error: jobQueue.count(STATE_ERROR),
  };
}

function queueJobs(
  queue: Queue<Job, State>,
  jobById: BatchState['jobById'],
  startOrder: readonly string[],
): Queue<Job, State> {
  for (const id of startOrder) {
    // A later revision may have it no more.
    const job = jobById.get(id);
    if (job) queue.setState(job, STATE_FREE);
  }
  return queue;
}

/** Where a job of this index is in the list: there, as long as no job was removed. */
function findPlaces(jobs: readonly Job[]): (index: number) => number {
  const last = jobs[jobs.length - 1]?.index ?? -1;
  if (last < jobs.length) return (index) => index;
  const places = new Int32Array(last + 1).fill(-1);
  jobs.forEach(({ index }, place) => {
    places[index] = place;
  });
  return (index) => places[index] ?? -1;
}

/** Ids count from 1, so the list is its own index. */
function findById(at: JobLookup['at'], id: string): Job | undefined {
  const job = at(parseDigits(id) - 1);
  return job?.id === id ? job : undefined;
}

function createJobs(specs: readonly JobSpec[], removed: ReadonlySet<string>): Job[] {
  let index = -1;
  return specs.map((spec) => {
    index += 1;
    while (removed.has(String(index + 1))) index += 1;
    return createJob(spec, index);
  });
}

function createJob(spec: JobSpec, index: number): Job {
  return {
    id: String(index + 1),
    spec,
    index,
    host: null,
    state: STATE_FREE,
    attempts: NO_ATTEMPTS,
    decidedBy: null,
    notBefore: 0,
    budgetFrom: 0,
    paused: false,
    cancelling: null,
  };
}

/** A host that was not asked yet. */
export function createHostRecord(name: string): HostRecord {
  const counters = { handed: 0, running: 0, done: 0, failed: 0, setAsides: 0 };
  const unsaid = { slots: null, facts: null, fault: null, hold: null, slow: null, description: null };
  return { name, state: STATE_UNKNOWN, ...unsaid, ...counters };
}

/** Shared by all jobs that were never launched. */
const NO_ATTEMPTS: Job['attempts'] = [];
