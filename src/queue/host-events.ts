import { type Fault, StateError } from '../errors.js';
import type { NetworkEvent } from '../events/event.js';
import type { BatchState, HostRecord } from './batch-state.js';
import { type AttemptRecord, type Job, liveAttempts } from './job.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN, type State } from './states.js';
import { type Cause, checkTransition, HOST_TRANSITIONS, JOB_TRANSITIONS } from './transitions.js';

type HostEvent<K extends NetworkEvent['type']> = Extract<NetworkEvent, { type: K }>;

/** The host can be asked again: so are its jobs. */
export function applyHostReady(state: BatchState, event: HostEvent<'host.ready'>): boolean {
  const host = findHost(state, event.host);
  if (host.state === STATE_DONE) return false;
  host.slots = event.slots;
  noteStore(state, host, event);
  host.facts = event.facts;
  host.fault = null;
  moveHost(state, host, slotState(host), event.type);
  moveJobsOf(state, host, { from: STATE_UNKNOWN, to: STATE_BUSY, cause: event.type });
  return true;
}

/** What was read of a store that is gone counts for nothing in the next. */
function noteStore(state: BatchState, host: HostRecord, event: HostEvent<'host.ready'>): void {
  const { store, storeLost, facts } = event;
  if (store !== undefined) state.stores[host.name] = store;
  if (!storeLost) return;
  state.offsets[host.name] = 0;
  const rebooted = host.facts !== null && host.facts.bootId !== facts.bootId;
  for (const attempt of attemptsOn(state, host)) attempt.orphaned = rebooted ? 'rebooted' : 'yes';
}

/** Those that it was given and that have not ended. */
export function attemptsOn({ jobQueue, jobs }: BatchState, { name, handed }: HostRecord): AttemptRecord[] {
  const openOf = (some: readonly Job[]): AttemptRecord[] =>
    some.flatMap(({ attempts }) => attempts.filter(({ host, outcome }) => host === name && outcome === null));
  const open = openOf([...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)]);
  // Some belong to jobs that are decided: rare, and only then worth a look at all jobs.
  return open.length === handed ? open : openOf(jobs);
}

export function applyHostLost(state: BatchState, event: HostEvent<'host.lost'>): boolean {
  return leaveHost(state, event, STATE_UNKNOWN);
}

export function applyHostFailed(state: BatchState, event: HostEvent<'host.failed'>): boolean {
  return leaveHost(state, event, STATE_ERROR);
}

/** Counts an attempt that was handed to the host; a host that is reachable may be full then. */
export function takeSlot(state: BatchState, host: HostRecord): void {
  host.handed += 1;
  if (host.state === STATE_FREE && slotState(host) === STATE_BUSY)
    moveHost(state, host, STATE_BUSY, 'slot.taken');
}

/** Counts an attempt that left the host; a host that was full may have a free slot then. */
export function freeSlot(state: BatchState, host: HostRecord, wasRunning: boolean): void {
  host.handed -= 1;
  if (wasRunning) host.running -= 1;
  if (host.state === STATE_BUSY && slotState(host) === STATE_FREE)
    moveHost(state, host, STATE_FREE, 'slot.freed');
}

/** Whether it can be asked. */
export function isReachable({ state }: HostRecord): boolean {
  return state === STATE_FREE || state === STATE_BUSY;
}

/** Where a launched job stands: busy as long as one of the hosts that have it can be asked. */
export function launchedState(state: BatchState, job: Job): State {
  const reachable = liveAttempts(job).some(({ host }) => isReachable(findHost(state, host)));
  return reachable ? STATE_BUSY : STATE_UNKNOWN;
}

/** Throws a StateError (E_TRANSITION) for a host that is not in the batch. */
export function findHost(state: BatchState, name: string): HostRecord {
  const host = state.hostByName.get(name);
  if (host) return host;
  const what = `there is no host "${name}" in this batch`;
  throw new StateError('E_TRANSITION', { what, where: `batch ${state.batch}` });
}

function leaveHost(
  state: BatchState,
  event: { readonly host: string; readonly fault: Fault; readonly type: Cause },
  to: State,
): boolean {
  const host = findHost(state, event.host);
  // It was let go of meanwhile.
  if (host.state === STATE_DONE) return false;
  host.fault = event.fault;
  moveHost(state, host, to, event.type);
  moveJobsOf(state, host, { from: STATE_BUSY, to: STATE_UNKNOWN, cause: event.type });
  return true;
}

function slotState(host: HostRecord): State {
  return host.handed >= (host.slots ?? 0) ? STATE_BUSY : STATE_FREE;
}

/** Moves a host along the table of transitions. */
export function moveHost(state: BatchState, host: HostRecord, to: State, cause: Cause): void {
  checkTransition(HOST_TRANSITIONS, { from: host.state, to, cause, where: () => `host ${host.name}` });
  host.state = to;
  state.hostQueue.setState(host, to);
}

interface Move {
  readonly from: State;
  readonly to: State;
  readonly cause: Cause;
}

function moveJobsOf(state: BatchState, host: HostRecord, move: Move): void {
  for (const job of state.jobQueue.inState(move.from)) {
    if (!job.attempts.some((attempt) => !attempt.settled && attempt.host === host.name)) continue;
    if (launchedState(state, job) === move.to) moveJob(state, job, move.to, move.cause);
  }
}

/** Moves a job along the table of transitions. */
export function moveJob(state: BatchState, job: Job, to: State, cause: Cause): void {
  checkTransition(JOB_TRANSITIONS, {
    from: job.state,
    to,
    cause,
    where: () => `job ${job.id} (${job.spec.name})`,
  });
  job.state = to;
  state.jobQueue.setState(job, to);
}
