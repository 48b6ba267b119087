import { HostError } from '../errors.js';
import type { GpoolEvent } from '../events/event.js';
import type { HostRecord } from '../queue/batch-state.js';
import { STATE_ERROR } from '../queue/states.js';
import type { Host } from '../spec/host.js';
import type { LoadedBatch } from './load-batch.js';

/** What a batch that goes on has to know of another list of hosts. */
export interface HostChange {
  /** The new ones, and behind them those that the journal tells of. */
  readonly hosts: readonly Host[];
  /** Tells that hosts have vanished: what they have stays unknown. */
  readonly vanished: readonly GpoolEvent[];
}

/** Puts other hosts in the place of those that the batch had. Pure. */
export function replaceHosts({ file, state }: LoadedBatch, hosts: readonly Host[]): HostChange {
  const names = new Set(hosts.map(({ name }) => name));
  const gone = file.hosts.filter(({ name }) => !names.has(name));
  const vanished = gone.flatMap(({ name }): GpoolEvent[] => {
    const record = state.hostByName.get(name);
    if (!record || hasVanished(record)) return [];
    const what = 'the host is not in the inventory any more';
    const next = 'What it has stays unknown; name it again with -S to ask it.';
    const fault = new HostError('E_HOST_UNKNOWN', { what, where: name, next }).toFault();
    return [{ type: 'host.failed', host: name, fault }];
  });
  return { hosts: [...hosts, ...gone], vanished };
}

/** Whether the host was left out of the inventory since: then nobody connects to it. */
export function hasVanished({ state, fault }: HostRecord): boolean {
  return state === STATE_ERROR && fault?.code === 'E_HOST_UNKNOWN';
}
