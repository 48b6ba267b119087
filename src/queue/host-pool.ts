import type { ManagerEvent } from '../events/event.js';
import { type BatchState, createHostRecord, type HostRecord } from './batch-state.js';
import { findHost, moveHost } from './host-events.js';
import { Queue } from './queue.js';
import { STATE_DONE, STATES, type State } from './states.js';

/** What was decided about a host, by a person or by a rule. */
export type PoolEvent = Extract<ManagerEvent, { type: `host.${string}` }>;

export function isPoolEvent<E extends { readonly type: string }>(event: E): event is E & PoolEvent {
  return POOL_EVENTS.has(event.type);
}

/** Applies what was decided about a host. */
export function reducePool(state: BatchState, event: PoolEvent): boolean {
  switch (event.type) {
    case 'host.added':
      return applyHostAdded(state, event);
    case 'host.drained':
    case 'host.removed':
      return letGo(state, event);
    default:
      return applyToHost(findHost(state, event.host), event);
  }
}

function applyToHost(
  host: HostRecord,
  event: Exclude<PoolEvent, { type: 'host.added' | 'host.drained' | 'host.removed' }>,
): boolean {
  // It was let go of meanwhile.
  if (host.state === STATE_DONE) return false;
  switch (event.type) {
    case 'host.held':
      host.hold = { kind: 'held', reason: event.reason };
      break;
    case 'host.draining':
      host.hold = { kind: 'draining', reason: event.reason };
      break;
    case 'host.set-aside':
      host.hold = {
        kind: 'set-aside',
        reason: event.fault.what,
        code: event.fault.code,
        untilMs: event.untilMs,
      };
      host.setAsides += 1;
      break;
    case 'host.released':
    case 'host.readmitted':
      host.hold = null;
      host.setAsides = 0;
      break;
    case 'host.slowed':
      host.slow = event.ratio;
      break;
    case 'host.recovered':
      host.slow = null;
  }
  return true;
}

/** Where its event file was read to is forgotten: the file goes with the host, and begins anew if it comes back. */
function letGo(
  state: BatchState,
  event: Extract<PoolEvent, { type: 'host.drained' | 'host.removed' }>,
): boolean {
  const host = findHost(state, event.host);
  if (host.state === STATE_DONE) return false;
  moveHost(state, host, STATE_DONE, event.type);
  host.hold = null;
  host.fault = null;
  forgetStore(state, host);
  return true;
}

function applyHostAdded(state: BatchState, event: Extract<PoolEvent, { type: 'host.added' }>): boolean {
  const known = state.hostByName.get(event.host);
  const host = known ?? createHostRecord(event.host);
  host.description = event.description;
  if (!known) {
    append(state, host);
    return true;
  }
  if (host.hold?.kind === 'draining') host.hold = null;
  if (host.state !== STATE_DONE) return true;
  Object.assign(host, { slow: null, setAsides: 0 });
  // Late news of the first time may have left one.
  forgetStore(state, host);
  moveHost(state, host, 'unknown', event.type);
  return true;
}

function forgetStore({ offsets, stores }: BatchState, { name }: HostRecord): void {
  delete offsets[name];
  delete stores[name];
}

/** A queue is of a fixed list: a longer one takes its place, with every host where it was. */
function append(state: BatchState, host: HostRecord): void {
  const before = state.hostQueue;
  const hosts = [...state.hosts, host];
  const queue = new Queue<HostRecord, State>(STATES, hosts);
  for (const place of STATES) {
    for (const other of before.inState(place)) queue.setState(other, place);
  }
  queue.setState(host, host.state);
  state.hosts = hosts;
  state.hostByName = new Map(hosts.map((each) => [each.name, each]));
  state.hostQueue = queue;
}

const POOL_EVENTS: ReadonlySet<string> = new Set<PoolEvent['type']>([
  'host.held',
  'host.released',
  'host.draining',
  'host.drained',
  'host.added',
  'host.removed',
  'host.slowed',
  'host.recovered',
  'host.set-aside',
  'host.readmitted',
]);
