import type { Host, SshDestination } from '../host.js';
import { DEFAULT_SLOTS } from './slot-rule.js';

/** Hosts that were described beforehand, and names for some of them together. */
export interface Inventory {
  readonly hosts: readonly Host[];
  /** Names of hosts by group; a label of a host is a group too, and `all` is every host. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** What a host gets that the inventory does not list. */
  readonly defaults: HostDefaults;
}

/** What a host has when nothing else is said. */
export type HostDefaults = Omit<Host, 'name' | 'via'> & Omit<SshDestination, 'kind' | 'address'>;

export const PLAIN_DEFAULTS: HostDefaults = {
  slots: DEFAULT_SLOTS,
  nice: 10,
  labels: [],
  root: '~/.gjob',
  init: [],
  env: {},
};

export const EMPTY_INVENTORY: Inventory = { hosts: [], groups: {}, defaults: PLAIN_DEFAULTS };

/** A host from what its name says, over what is said elsewhere. */
export function createHost(name: string, via: Host['via'], settings: HostDefaults): Host {
  const { user, port, identity, ...rest } = settings;
  if (via.kind === 'local') return { name, via, ...rest };
  const ssh = {
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identity !== undefined && { identity }),
  };
  return { name, via: { ...ssh, ...via }, ...rest };
}

/** The host of that name, or the only one with that address. */
export function findHost(hosts: readonly Host[], name: string): Host | undefined {
  const exact = hosts.find((host) => host.name === name);
  if (exact) return exact;
  const [only, ...others] = hosts.filter(({ via }) => via.kind === 'ssh' && via.address === name);
  return others.length === 0 ? only : undefined;
}

/** The names in a group, or undefined when there is no such group. */
export function groupMembers({ hosts, groups }: Inventory, group: string): readonly string[] | undefined {
  if (Object.hasOwn(groups, group)) return groups[group];
  if (group === 'all') return hosts.map(({ name }) => name);
  const labelled = hosts.filter(({ labels }) => labels.includes(group)).map(({ name }) => name);
  return labelled.length > 0 ? labelled : undefined;
}
