import { HostError, SpecError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { type AttemptRecord, type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_UNKNOWN } from '../queue/states.js';
import { nearestWord } from '../spec/nearest-word.js';
import type { Order } from './order.js';

export type HostOrder = Extract<Order, { kind: 'hold' | 'release' | 'drain' | 'remove' | 'add' }>;

/**
 * What is recorded when an order about hosts is given; nothing for a host that is as wanted. Changes nothing.
 *
 * @throws SpecError (E_USAGE) that names a host which the batch does not have, or has no more.
 */
export function planHostOrder(order: HostOrder, state: BatchState): ManagerEvent[] {
  if (order.kind === 'add')
    return order.hosts.map((host) => ({ type: 'host.added', host: host.name, description: host }));
  const hosts = [...new Set(order.hosts)].map((name) => findHost(name, order.kind, state));
  return hosts.flatMap((host, at) => planFor(host, order, { state, earlier: hosts.slice(0, at) }));
}

interface Plan {
  readonly state: BatchState;
  /** Hosts of the same order that are planned for already. */
  readonly earlier: readonly HostRecord[];
}

function planFor(host: HostRecord, order: Exclude<HostOrder, { kind: 'add' }>, plan: Plan): ManagerEvent[] {
  const { reason } = order;
  const { name, hold } = host;
  switch (order.kind) {
    case 'hold':
      return hold?.kind === 'held' ? [] : [{ type: 'host.held', host: name, reason }];
    case 'release':
      return hold === null ? [] : [{ type: 'host.released', host: name }];
    case 'drain':
      return hold?.kind === 'draining' ? [] : [{ type: 'host.draining', host: name, reason }];
    case 'remove':
      if (order.now) return [{ type: 'host.removed', host: name, reason }, ...giveUpAll(host, reason, plan)];
      return hold?.kind === 'draining' ? [] : [{ type: 'host.draining', host: name, reason }];
  }
}

/** What becomes of the attempts that a removed host had: together with its removal, so that none is forgotten. */
function giveUpAll(host: HostRecord, reason: string, { state, earlier }: Plan): ManagerEvent[] {
  const { jobQueue } = state;
  const gone = new Set(earlier.map(({ name }) => name));
  const handed = [...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)];
  return handed.flatMap((job) => {
    const live = liveAttempts(job).filter((each) => !gone.has(each.host));
    const attempt = live.find((each) => each.host === host.name);
    return attempt ? [giveUp({ job, attempt, host, reason, isOnly: live.length === 1 })] : [];
  });
}

interface GivenUp {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  readonly host: HostRecord;
  readonly reason: string;
  /** Whether the job is under way nowhere else. */
  readonly isOnly: boolean;
}

function giveUp({ job, attempt, host, reason, isOnly }: GivenUp): ManagerEvent {
  const what = `the host was removed: ${reason}`;
  const fault = new HostError('E_HOST_REMOVED', { what, where: host.name }).toFault();
  const ids = { job: job.id, attempt: attempt.id };
  const outcome = attempt.outcome ?? { kind: 'lost', fault };
  if (!isOnly) return { type: 'job.dropped', ...ids, outcome, fault };
  if (job.cancelling !== null)
    return {
      type: 'job.failed',
      ...ids,
      outcome: attempt.outcome ?? { kind: 'cancelled' },
      fault: null,
      collected: null,
    };
  // A host that cannot be asked may have started it long ago.
  const mayHaveRun = attempt.startedAt !== null || host.state === STATE_UNKNOWN;
  if (job.spec.repeatable || !mayHaveRun)
    return { type: 'job.requeued', ...ids, reason: fault, counted: false };
  return { type: 'job.failed', ...ids, outcome: { kind: 'lost', fault }, fault, collected: null };
}

function findHost(
  name: string,
  kind: HostOrder['kind'],
  { batch, hosts, hostByName }: BatchState,
): HostRecord {
  const host = hostByName.get(name);
  const where = `gpool hosts ${kind}`;
  if (!host) {
    const meant = nearestWord(
      name,
      hosts.map((each) => each.name),
    );
    const what = `there is no host "${name}" in batch ${batch}${meant ? ` (did you mean ${meant}?)` : ''}`;
    throw new SpecError('E_USAGE', { what, where, next: '`gpool status` lists its hosts.' });
  }
  if (host.state !== STATE_DONE) return host;
  const next = `\`gpool hosts add BATCH ${name}\` takes it back.`;
  throw new SpecError('E_USAGE', { what: `"${name}" was let go of`, where, next });
}
