import type { BatchState, HostRecord } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';
import type { Random } from '../random.js';
import { planBacklog } from './backlog.js';
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
 * goes to a host that did not have it yet, and waits for one as long as there is any. Changes nothing.
 */
export function planLaunches(state: BatchState, policy: LaunchPolicy): Launch[] {
  const launches: Launch[] = [];
  const handed = state.hosts.reduce((sum, host) => sum + host.handed, 0);
  const most = Math.min(policy.limit, policy.maxRunning - handed);
  const rooms = listRooms(state, policy);
  let open = rooms.filter((room) => room.handed < room.capacity);
  let inBacklogs = false;
  let skipped = 0;
  for (const job of state.jobQueue.walk(STATE_FREE)) {
    if (launches.length >= most || skipped > MOST_SKIPPED) break;
    if (open.length === 0 && !inBacklogs) {
      inBacklogs = true;
      open = openBacklogs(rooms, state.jobQueue.count(STATE_FREE) - launches.length, policy);
    }
    if (open.length === 0) break;
    const room = chooseFor(job, open, rooms, policy);
    if (room) launches.push({ job, host: takeRoom(open, room) });
    else skipped += 1;
  }
  return launches;
}

/** Every host that can be used, with its slots as capacity. */
function listRooms({ hosts }: BatchState, { resting }: LaunchPolicy): Room[] {
  return hosts
    .filter((host) => isUsable(host) && !resting.has(host.name))
    .map((host) => ({ host, handed: host.handed, capacity: host.slots ?? 0 }));
}

function openBacklogs(rooms: readonly Room[], waiting: number, { medianMs }: LaunchPolicy): Room[] {
  const totalSlots = rooms.reduce((sum, { host }) => sum + (host.slots ?? 0), 0);
  for (const room of rooms) {
    const slots = room.host.slots ?? 0;
    room.capacity = slots + planBacklog({ slots, totalSlots, medianMs, waiting });
  }
  return rooms.filter((room) => room.handed < room.capacity);
}

/** Undefined when the job should wait for a host that did not have it yet. */
function chooseFor(
  job: Job,
  open: readonly Room[],
  rooms: readonly Room[],
  policy: LaunchPolicy,
): Room | undefined {
  const choose = (from: readonly Room[]) => from[chooseRoom(from, policy.placement, policy.random)];
  if (job.attempts.length === 0) return choose(open);
  const isNew = ({ host }: Room) => job.attempts.every((attempt) => attempt.host !== host.name);
  if (!rooms.some(isNew)) return choose(open);
  const fresh = open.filter(isNew);
  return fresh.length > 0 ? choose(fresh) : undefined;
}

function takeRoom(open: Room[], room: Room): string {
  room.handed += 1;
  if (room.handed >= room.capacity) open.splice(open.indexOf(room), 1);
  return room.host.name;
}

function isUsable({ state }: HostRecord): boolean {
  return state === STATE_FREE || state === STATE_BUSY;
}

/** Jobs that wait for another host are passed over, but not without end. */
const MOST_SKIPPED = 64;
