import { formatAttemptId } from '../events/attempt-id.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { type AttemptRecord, type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY } from '../queue/states.js';
import { idleSlots } from './idle-slots.js';
import type { RunTimes } from './run-times.js';

/** An attempt that has started and not ended. */
export interface Running {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  /** Since it started, milliseconds. */
  readonly ageMs: number;
  /** The same without time in which its host could not be asked. */
  readonly ranMs: number;
}

/** What copies are planned by. */
export interface CopyPolicy {
  /** At most so many copies of a job. */
  readonly copies: number;
  /** At most so many attempts handed out at once, over all hosts. */
  readonly maxRunning: number;
  readonly times: RunTimes;
  /** Oldest first; read only as far as something may have run for long. */
  readonly running: Iterable<Running>;
}

export interface CopyPlan {
  readonly events: ManagerEvent[];
  /** When the next job may have run long enough, milliseconds from now, at least 1; null when there is none to wait for. */
  readonly nextMs: number | null;
}

/**
 * Which running jobs to copy to which idle hosts: the one that has run longest to the host where jobs take least. A job must have run
 * half as long again as the median, and a second; at least three must have succeeded, or nobody knows what is long. A tenth
 * of the jobs, at least two, may have copies at one time. Changes nothing. O(jobs that run for so long).
 */
export function planCopies(state: BatchState, policy: CopyPolicy): CopyPlan {
  const { times } = policy;
  const medianMs = times.count < FEWEST ? null : times.medianMs;
  if (medianMs === null) return { events: [], nextMs: null };
  const longMs = Math.max(medianMs * MUCH, SHORTEST_MS);
  const { slow, nextMs } = findSlow(policy, longMs);
  if (slow.length === 0) return { events: [], nextMs };
  const rooms = openRooms(state, times, medianMs);
  const events: ManagerEvent[] = [];
  for (const { job, attempt } of slow.slice(0, mostNow(state, policy))) {
    const room = chooseRoom(rooms, job, expectedOn(times, attempt.host, Number.POSITIVE_INFINITY));
    if (!room) continue;
    room.free -= 1;
    const id = formatAttemptId(job.id, job.attempts.length + 1);
    events.push({ type: 'job.copied', job: job.id, attempt: id, host: room.host.name });
  }
  return { events, nextMs };
}

/** Those that have run so long that a copy is worth it, longest first. */
function findSlow(
  { running, copies }: CopyPolicy,
  longMs: number,
): { readonly slow: Running[]; readonly nextMs: number | null } {
  const slow: Running[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (const one of running) {
    if (one.ageMs < longMs) {
      // So are all that follow.
      nextMs = Math.min(nextMs, longMs - one.ageMs);
      break;
    }
    if (one.ranMs < longMs) nextMs = Math.min(nextMs, longMs - one.ranMs);
    else if (mayBeCopied(one, copies)) slow.push(one);
  }
  slow.sort((a, b) => b.ranMs - a.ranMs);
  return { slow, nextMs: nextMs === Number.POSITIVE_INFINITY ? null : Math.max(1, nextMs) };
}

/** Repeatable, wanted, on one host only, which can be asked, and not copied as often as allowed. */
function mayBeCopied({ job, attempt }: Running, copies: number): boolean {
  if (job.state !== STATE_BUSY || !job.spec.repeatable || job.paused || job.cancelling !== null) return false;
  if (attempt.settled || liveAttempts(job).length > 1) return false;
  return job.attempts.slice(job.budgetFrom).filter(({ copy }) => copy).length < copies;
}

/** How many copies may be added now. */
function mostNow({ jobs, jobQueue, hosts }: BatchState, { maxRunning }: CopyPolicy): number {
  let copied = 0;
  for (const job of jobQueue.walk(STATE_BUSY)) if (liveAttempts(job).length > 1) copied += 1;
  const handed = hosts.reduce((sum, host) => sum + host.handed, 0);
  const most = Math.max(Math.floor(jobs.length / JOBS_PER_COPY), FEWEST_COPIES);
  return Math.max(0, Math.min(most - copied, maxRunning - handed));
}

interface Room {
  readonly host: HostRecord;
  free: number;
  readonly expectedMs: number;
}

/** The fastest first; what is marked as slow last. */
function openRooms({ hosts }: BatchState, times: RunTimes, medianMs: number): Room[] {
  return hosts
    .map((host) => ({ host, free: idleSlots(host), expectedMs: expectedOn(times, host.name, medianMs) }))
    .filter(({ free }) => free > 0)
    .sort(
      (a, b) => Number(a.host.slow !== null) - Number(b.host.slow !== null) || a.expectedMs - b.expectedMs,
    );
}

/** A host that never had the job, and where it would not take much longer than where it is. */
function chooseRoom(rooms: readonly Room[], { attempts }: Job, presentMs: number): Room | undefined {
  return rooms.find(
    ({ host, free, expectedMs }) =>
      free > 0 && expectedMs <= presentMs * MUCH && attempts.every((attempt) => attempt.host !== host.name),
  );
}

function expectedOn(times: RunTimes, host: string, unknownMs: number): number {
  return times.meanOn(host) ?? unknownMs;
}

const FEWEST = 3;
const MUCH = 1.5;
/** A copy of a shorter job would hardly begin before the job ends. */
const SHORTEST_MS = 1_000;
const JOBS_PER_COPY = 10;
const FEWEST_COPIES = 2;
