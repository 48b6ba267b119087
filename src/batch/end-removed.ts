import type { Fault } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import { listOpenOn } from '../manager/list-open-on.js';
import type { Attempt } from '../network/network.js';
import { keepingHosts } from '../queue/left-behind.js';
import { type Contact, createNetwork } from './create-network.js';
import type { HeldBatch } from './held-batch.js';
import { everyHost } from './replace-hosts.js';

/** What the hosts have that these events remove. To be asked before the events are recorded: they give it up. */
export function listRemoved({ file, state }: HeldBatch, events: readonly ManagerEvent[]): Attempt[] {
  return events.flatMap((event) =>
    event.type === 'host.removed' ? listOpenOn(file.id, state, event.host) : [],
  );
}

/** Ends these attempts on their hosts and cleans up there; answers why hosts could not be asked, by host. */
export async function endRemoved(
  held: HeldBatch,
  attempts: readonly Attempt[],
  contact: Contact,
): Promise<ReadonlyMap<string, Fault>> {
  const faults = new Map<string, Fault>();
  const names = new Set(attempts.map(({ host }) => host));
  if (names.size === 0) return faults;
  const hosts = everyHost(held).filter(({ name }) => names.has(name));
  const network = createNetwork(hosts, held.file.options, contact);
  network.subscribe((event) => {
    if (event.type === 'host.lost' || event.type === 'host.failed') faults.set(event.host, event.fault);
  });
  try {
    await network.open({ batch: held.file.id });
    await Promise.allSettled(attempts.map((attempt) => network.killJob(attempt)));
    return new Map(faults);
  } finally {
    await network.close({ cleanup: true, keep: keepingHosts(held.state) });
  }
}
