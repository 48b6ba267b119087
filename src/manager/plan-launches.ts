import type { BatchState, HostRecord } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_FREE } from '../queue/states.js';
import type { Random } from '../random.js';
import { needsBacklog, planBacklog } from './backlog.js';
import { planFullShare, wereTried } from './detach.js';
import { mayHaveBacklog, type Reserve, usableSlots } from './host-room.js';
import { chooseRoom, type Placement, type Room } from './placement.js';
import { asksElsewhere } from './retry.js';

/** What a round of launches is planned by. */
export interface LaunchPolicy extends Reserve {
  readonly placement: Placement;
  readonly random: Random;
  /** At most so many attempts handed out at once, over all hosts. */
  readonly maxRunning: number;
  /** At most so many launches in this round. */
  readonly limit: number;
  /** Median run time of a job, milliseconds; null while unknown. */
  readonly medianMs: number | null;
  /** Whether hosts are given all that they will take, because the controller is about to go. */
  readonly detach: boolean;
  /** Waiting jobs whose time has not come. */
  readonly delayed: Pick<ReadonlySet<Job>, 'has' | 'size'>;
}

export interface Launch {
  readonly job: Job;
  readonly host: string;
}

/**
 * All launches that are possible now: oldest job first, free slots before backlogs. A job that was tried before
 * goes rather to a host that did not have it yet, but waits for none, unless it asked for another one. Changes nothing.
 */
export function planLaunches(state: BatchState, policy: LaunchPolicy): Launch[] {
  const waiting = state.jobQueue.count(STATE_FREE) - policy.delayed.size;
  const most = Math.min(policy.limit, policy.maxRunning - countHanded(state, policy));
  if (waiting === 0 || most < 1) return [];
  const launches: Launch[] = [];
  const stages = openStages(state, policy, () => waiting - launches.length);
  let open: Room[] = [];
  for (const job of state.jobQueue.walk(STATE_FREE)) {
    if (launches.length >= most) break;
    if (job.paused || policy.delayed.has(job)) continue;
    if (open.length === 0) open = nextRooms(stages);
    if (open.length === 0) break;
    const room = chooseFor(job, open, state, policy);
    if (room) launches.push({ job, host: takeRoom(open, room) });
  }
  return launches;
}

/** Attempts handed out over all hosts, which are only counted where they are limited. */
function countHanded({ hosts }: BatchState, { maxRunning }: LaunchPolicy): number {
  return maxRunning === Number.POSITIVE_INFINITY ? 0 : hosts.reduce((sum, { handed }) => sum + handed, 0);
}

/** Rooms in the order in which they are filled: slots before backlogs, and slow hosts last. */
function* openStages(state: BatchState, policy: LaunchPolicy, waiting: () => number): Generator<Room[]> {
  const slots = openSlots(state, policy);
  yield* bySpeed(slots);
  if (policy.detach ? wereTried(state) : needsBacklog(policy.medianMs))
    yield* bySpeed(openBacklogs(state, slots, waiting(), policy));
}

function nextRooms(stages: Iterator<Room[]>): Room[] {
  for (let next = stages.next(); !next.done; next = stages.next())
    if (next.value.length > 0) return next.value;
  return [];
}

function bySpeed(rooms: readonly Room[]): Room[][] {
  return [rooms.filter(({ host }) => host.slow === null), rooms.filter(({ host }) => host.slow !== null)];
}

/** Hosts with a free slot: few of many in most turns. Only `pack` asks for the inventory's order. */
function openSlots({ hosts, hostQueue }: BatchState, policy: LaunchPolicy): Room[] {
  const free =
    policy.placement === 'pack'
      ? hosts.filter(({ state }) => state === STATE_FREE)
      : hostQueue.inState(STATE_FREE);
  return free.flatMap((host) => {
    const room = { host, handed: host.handed, capacity: usableSlots(host, policy) };
    return room.handed < room.capacity ? [room] : [];
  });
}

/** Room beyond the slots, which `filled` are full by now. */
function openBacklogs(
  { hosts }: BatchState,
  filled: readonly Room[],
  waiting: number,
  policy: LaunchPolicy,
): Room[] {
  const planned = new Map(filled.map(({ host, handed }) => [host, handed]));
  const usable = hosts.filter((host) => mayHaveBacklog(host, policy));
  const totalSlots = usable.reduce((sum, { slots }) => sum + (slots ?? 0), 0);
  const rooms: Room[] = [];
  for (const host of usable) {
    const slots = host.slots ?? 0;
    const handed = planned.get(host) ?? host.handed;
    const medianMs = policy.medianMs === null ? null : policy.medianMs * (host.slow ?? 1);
    const facts = { slots, totalSlots, medianMs, waiting };
    const capacity = slots + (policy.detach ? planFullShare(facts) : planBacklog(facts));
    if (handed < capacity) rooms.push({ host, handed, capacity });
  }
  return rooms;
}

/** A host that did not have the job yet, if one has room; undefined when the job had better wait for another host. */
function chooseFor({ attempts }: Job, open: readonly Room[], state: BatchState, policy: LaunchPolicy) {
  const choose = (from: readonly Room[]) => from[chooseRoom(from, policy.placement, policy.random)];
  if (attempts.length === 0) return choose(open);
  const fresh = open.filter(({ host }) => attempts.every((attempt) => attempt.host !== host.name));
  if (fresh.length > 0) return choose(fresh);
  const shunned = new Set(attempts.filter(({ outcome }) => asksElsewhere(outcome)).map(({ host }) => host));
  if (shunned.size === 0) return choose(open);
  const others = open.filter(({ host }) => !shunned.has(host.name));
  if (others.length > 0) return choose(others);
  const isBetter = (host: HostRecord): boolean => mayHaveBacklog(host, policy) && !shunned.has(host.name);
  return state.hosts.some((host) => host.slow === null && isBetter(host)) ? undefined : choose(open);
}

function takeRoom(open: Room[], room: Room): string {
  room.handed += 1;
  if (room.handed >= room.capacity) open.splice(open.indexOf(room), 1);
  return room.host.name;
}
