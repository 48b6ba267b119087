import { isDeepStrictEqual } from 'node:util';
import { HostError } from '../errors.js';
import type { GpoolEvent } from '../events/event.js';
import type { HostRecord } from '../queue/batch-state.js';
import { STATE_DONE, STATE_ERROR } from '../queue/states.js';
import type { Host } from '../spec/host.js';
import type { LoadedBatch } from './load-batch.js';

/** The hosts that a batch goes on with: as it was started with them or as they were added, without those that left. */
export function poolHosts(loaded: LoadedBatch): Host[] {
  return describeHosts(loaded, (record) => record.state !== STATE_DONE && !hasVanished(record));
}

/** All hosts that a batch ever had. */
export function everyHost(loaded: LoadedBatch): Host[] {
  return describeHosts(loaded, () => true);
}

function describeHosts({ file, state }: LoadedBatch, isWanted: (record: HostRecord) => boolean): Host[] {
  const described = new Map(file.hosts.map((host) => [host.name, host]));
  return state.hosts.flatMap((record) => {
    const host = record.description ?? described.get(record.name);
    return host && isWanted(record) ? [host] : [];
  });
}

/** What to record so that a batch goes on with these hosts. What the others have stays unknown. Pure. */
export function replaceHosts(loaded: LoadedBatch, hosts: readonly Host[]): GpoolEvent[] {
  const names = new Set(hosts.map(({ name }) => name));
  const known = new Map(poolHosts(loaded).map((host) => [host.name, host]));
  const added = hosts.filter((host) => !isDeepStrictEqual(known.get(host.name), host));
  const vanished = [...known.values()].filter(({ name }) => !names.has(name));
  return [
    ...added.map((host): GpoolEvent => ({ type: 'host.added', host: host.name, description: host })),
    ...vanished.map(
      ({ name }): GpoolEvent => ({ type: 'host.failed', host: name, fault: vanishedFault(name) }),
    ),
  ];
}

/** Whether the host was left out of the inventory since: then nobody connects to it. */
function hasVanished({ state, fault }: HostRecord): boolean {
  return state === STATE_ERROR && fault?.code === 'E_HOST_UNKNOWN';
}

function vanishedFault(where: string) {
  const what = 'the host is not in the inventory any more';
  const next = 'What it has stays unknown; name it again with -S or --slf to ask it.';
  return new HostError('E_HOST_UNKNOWN', { what, where, next }).toFault();
}
