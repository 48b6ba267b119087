import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, StateError, toFault } from '../errors.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { createAttempt } from '../manager/attempt.js';
import { contextOf } from '../manager/context-of.js';
import type { Order } from '../manager/order.js';
import { planOrder } from '../manager/plan-order.js';
import { Recorder } from '../manager/recorder.js';
import { tellIntent } from '../manager/tell-intent.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { askManager } from './control-client.js';
import { type Contact, createNetwork } from './create-network.js';
import { endRemoved, listRemoved } from './end-removed.js';
import { type HeldBatch, holdBatch } from './held-batch.js';
import { describeOrder, type OrderAnswer } from './order-answer.js';
import { poolHosts } from './replace-hosts.js';

/** How an order was given. */
export interface GivenOrder extends OrderAnswer {
  /** Whether the batch's controller took it; nobody runs the batch otherwise. */
  readonly by: 'controller' | 'journal';
  /** Why hosts could not be told. */
  readonly faults: readonly Fault[];
}

/**
 * Gives an order to a batch: to its controller, or when nobody runs it by recording it and telling the hosts. What a host
 * cannot be told now it is told by the next controller. Throws a SpecError for what the batch does not have, and StateErrors.
 */
export async function giveOrder(
  directory: BatchDirectory,
  order: Order,
  contact: Contact,
): Promise<GivenOrder> {
  for (let tries = 1; ; tries += 1) {
    const answer = await askManager(directory, { ask: 'order', order });
    if (answer) return { ...answer, by: 'controller', faults: [] };
    try {
      return await recordOrder(await holdBatch(directory), order, contact);
    } catch (error) {
      if (!isHeld(error) || tries === MOST_TRIES) throw error;
    }
    // Its controller is about to come or to go.
    await sleep(AGAIN_MS);
  }
}

async function recordOrder(held: HeldBatch, order: Order, contact: Contact): Promise<GivenOrder> {
  const { state, store } = held;
  try {
    const events = planOrder(order, state);
    const removed = listRemoved(held, events);
    await new Recorder(store, state, () => {}).write(events);
    const open = listOpen(held, order);
    const faults = await tellHosts(held, open, contact);
    const laterHosts = [...faults.keys()];
    const later = open.filter(({ attempt }) => faults.has(attempt.host)).length;
    return {
      ...describeOrder(events, state),
      later,
      laterHosts,
      by: 'journal',
      faults: [...faults.values(), ...(await endRemoved(held, removed, contact)).values()],
    };
  } finally {
    await store.close();
  }
}

interface OpenAttempt {
  readonly job: Job;
  readonly attempt: AttemptRecord;
}

/** Attempts with a host, of the jobs that the order is about: also of those that it does not change, whose host may not know. */
function listOpen({ state }: HeldBatch, order: Order): OpenAttempt[] {
  if (!('jobs' in order)) return [];
  const named = order.jobs === 'all' ? null : new Set(order.jobs);
  const jobs = [...state.intents].filter(({ id, host }) => {
    return (named === null || named.has(id)) && (order.host === null || order.host === host);
  });
  return jobs.flatMap((job) =>
    job.attempts.filter(({ outcome }) => outcome === null).map((attempt) => ({ job, attempt })),
  );
}

/** Answers why hosts could not be told, by host. */
async function tellHosts(
  held: HeldBatch,
  open: readonly OpenAttempt[],
  contact: Contact,
): Promise<ReadonlyMap<string, Fault>> {
  const { file, state } = held;
  const names = new Set(open.map(({ attempt }) => attempt.host));
  const faults = new Map<string, Fault>();
  const hosts = poolHosts(held).filter(({ name }) => names.has(name));
  if (hosts.length === 0) return faults;
  const network = createNetwork(hosts, file.options, contact);
  network.subscribe((event) => {
    if (event.type === 'host.lost' || event.type === 'host.failed') faults.set(event.host, event.fault);
  });
  const tell = async ({ job, attempt }: OpenAttempt): Promise<void> => {
    if (faults.has(attempt.host)) return;
    try {
      await tellIntent(network, job, createAttempt(file.id, job, attempt));
    } catch (error) {
      faults.set(attempt.host, toFault(error, `job ${job.id}`));
    }
  };
  try {
    await network.open(contextOf(state, file.id, file.key));
    await Promise.all(open.map(tell));
    return faults;
  } finally {
    await network.close();
  }
}

function isHeld(error: unknown): boolean {
  return error instanceof StateError && error.code === 'E_BATCH_HELD';
}

const MOST_TRIES = 10;
const AGAIN_MS = 200;
