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
  const most = Math.min(policy.limit, policy.maxRunning - countHanded(state, policy));
  if (waiting === 0 || most < 1) return [];
  const slots = openSlots(state, policy);
  const launches: Launch[] = [];
  let open = slots.slice();
  let inBacklogs = false;
  for (const job of state.jobQueue.walk(STATE_FREE)) {
    if (launches.length >= most) break;
    if (job.paused) continue;
    if (open.length === 0 && !inBacklogs && needsBacklog(policy.medianMs)) {
      inBacklogs = true;
      open = openBacklogs(state, slots, waiting - launches.length, policy);
    }
    const room = chooseFor(job, open, policy);
    if (!room) break;
    launches.push({ job, host: takeRoom(open, room) });
  }
  return launches;
}

/** Attempts handed out over all hosts, which are only counted where they are limited. */
function countHanded({ hosts }: BatchState, { maxRunning }: LaunchPolicy): number {
  return maxRunning === Number.POSITIVE_INFINITY ? 0 : hosts.reduce((sum, { handed }) => sum + handed, 0);
}

/** Hosts with a free slot: few of many in most turns. Only `pack` asks for the inventory's order. */
function openSlots({ hosts, hostQueue }: BatchState, { placement, resting }: LaunchPolicy): Room[] {
  const free =
    placement === 'pack' ? hosts.filter(({ state }) => state === STATE_FREE) : hostQueue.inState(STATE_FREE);
  return free.flatMap((host) =>
    resting.has(host.name) ? [] : [{ host, handed: host.handed, capacity: host.slots ?? 0 }],
  );
}

/** Room beyond the slots, which `filled` are full by now. */
function openBacklogs(
  { hosts }: BatchState,
  filled: readonly Room[],
  waiting: number,
  { medianMs, resting }: LaunchPolicy,
): Room[] {
  const planned = new Map(filled.map(({ host, handed }) => [host, handed]));
  const usable = hosts.filter((host) => isUsable(host) && !resting.has(host.name));
  const totalSlots = usable.reduce((sum, { slots }) => sum + (slots ?? 0), 0);
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
  const choose = (from: readonly Room[]) => from[chooseRoom(from, placement, random)];
  if (attempts.length === 0) return choose(open);
  const fresh = open.filter(({ host }) => attempts.every((attempt) => attempt.host !== host.name));
  return choose(fresh.length > 0 ? fresh : open);
}

function takeRoom(open: Room[], room: Room): string {
  room.handed += 1;
  if (room.handed >= room.capacity) open.splice(open.indexOf(room), 1);
  return room.host.name;
}

function isUsable({ state }: HostRecord): boolean {
  return state === STATE_FREE || state === STATE_BUSY;
}
