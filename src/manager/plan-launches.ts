import type { BatchState, HostRecord } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';
import type { Random } from '../random.js';
import { needsBacklog, planBacklog } from './backlog.js';
import { chooseRoom, type Placement, type Room } from './placement.js';

/** What a round of launches is planned by. */
export interface LaunchPolicy {
  readonly placement: Placement;
  readonly random: Random;
  /** At most so many attempts handed out at once, over all hosts. */
  readonly maxRunning: number;
  /** At most so many launches in this round. */
  readonly limit: number;
  /** Median run time of a job, milliseconds; null while unknown. */
  readonly medianMs: number | null;
  /** Hosts that are left alone for now. */
  readonly resting: ReadonlySet<string>;
}

export interface Launch {
  readonly job: Job;
  readonly host: string;
}

/**
 * All launches that are possible now: oldest job first, free slots before backlogs. A job that was tried before
 * goes rather to a host that did not have it yet, but waits for none. Changes nothing.
 */
export function planLaunches(state: BatchState, policy: LaunchPolicy): Launch[] {
  const waiting = state.jobQueue.count(STATE_FREE);
  if (waiting === 0 || policy.limit < 1) return [];
  const survey = surveyPool(state, policy);
  const most = Math.min(policy.limit, policy.maxRunning - survey.handed);
  const launches: Launch[] = [];
  let open = survey.open.slice();
  let inBacklogs = false;
  for (const job of state.jobQueue.walk(STATE_FREE)) {
    if (launches.length >= most) break;
    if (open.length === 0 && !inBacklogs && needsBacklog(policy.medianMs)) {
      inBacklogs = true;
      open = openBacklogs(survey, waiting - launches.length, policy);
    }
    if (open.length === 0) break;
    const room = chooseFor(job, open, policy);
    if (room) launches.push({ job, host: takeRoom(open, room) });
  }
  return launches;
}

interface Survey {
  /** Hosts that can be used. */
  readonly usable: readonly HostRecord[];
  /** Those of them with a free slot. */
  readonly open: readonly Room[];
  readonly totalSlots: number;
  /** Attempts handed out, over all hosts. */
  readonly handed: number;
}

/** One pass over the hosts: a thousand of them are looked at in every turn. */
function surveyPool({ hosts }: BatchState, { resting }: LaunchPolicy): Survey {
  const usable: HostRecord[] = [];
  const open: Room[] = [];
  let totalSlots = 0;
  let handed = 0;
  for (const host of hosts) {
    handed += host.handed;
    if (!isUsable(host) || resting.has(host.name)) continue;
    const capacity = host.slots ?? 0;
    usable.push(host);
    totalSlots += capacity;
    if (host.handed < capacity) open.push({ host, handed: host.handed, capacity });
  }
  return { usable, open, totalSlots, handed };
}

function openBacklogs(
  { usable, open, totalSlots }: Survey,
  waiting: number,
  { medianMs }: LaunchPolicy,
): Room[] {
  const planned = new Map(open.map(({ host, handed }) => [host, handed]));
  const rooms: Room[] = [];
  for (const host of usable) {
    const slots = host.slots ?? 0;
    const handed = planned.get(host) ?? host.handed;
    const capacity = slots + planBacklog({ slots, totalSlots, medianMs, waiting });
    if (handed < capacity) rooms.push({ host, handed, capacity });
  }
  return rooms;
}

/** A host that did not have the job yet, if one has room. */
function chooseFor({ attempts }: Job, open: readonly Room[], { placement, random }: LaunchPolicy) {
  const tried = new Set(attempts.map(({ host }) => host));
  const fresh = tried.size === 0 ? open : open.filter(({ host }) => !tried.has(host.name));
  const from = fresh.length > 0 ? fresh : open;
  return from[chooseRoom(from, placement, random)];
}

function takeRoom(open: Room[], room: Room): string {
  room.handed += 1;
  if (room.handed >= room.capacity) open.splice(open.indexOf(room), 1);
  return room.host.name;
}

function isUsable({ state }: HostRecord): boolean {
  return state === STATE_FREE || state === STATE_BUSY;
}
