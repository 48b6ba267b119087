import { SpecError } from '../errors.js';
import type { Host, SlotRule } from '../spec/host.js';
import {
  EMPTY_INVENTORY,
  type HostDefaults,
  type Inventory,
  PLAIN_DEFAULTS,
} from '../spec/inventory/inventory.js';
import { parseHosts } from '../spec/inventory/parse-hosts.js';
import { readInventory } from '../spec/inventory/read-inventory.js';
import type { HostOptions } from './common-options.js';

/**
 * The hosts that `-S` and `--slf` name. With both, `-S` chooses among what the file describes when it is an inventory of
 * YAML, and adds to a text file. `defaults` is what a host has of which nothing is said. Undefined when neither is given. Throws SpecErrors.
 */
export async function chooseHosts(
  options: HostOptions,
  defaults: HostDefaults = PLAIN_DEFAULTS,
): Promise<readonly Host[] | undefined> {
  const { hosts, slf } = options;
  if (!hosts && !slf) return undefined;
  const files = await Promise.all(
    (slf ?? []).map(async (path) => ({ path, inventory: await readInventory(path, defaults) })),
  );
  const inventory = mergeInventories(
    files.map((file) => file.inventory),
    defaults,
  );
  const plain = files.filter(({ path }) => !hosts || !/\.ya?ml$/i.test(path));
  const listed = plain.flatMap((file) => file.inventory.hosts);
  const named = hosts ? parseHosts(hosts, '-S', inventory) : [];
  const all = uniteHosts([...listed, ...named]);
  return withRoot(all, options);
}

/** Hosts with the root that the command line names, and its word that the root is to be taken as it is. */
export function withRoot(
  hosts: readonly Host[],
  { root, trustRoot }: Pick<HostOptions, 'root' | 'trustRoot'>,
): readonly Host[] {
  const said = { ...(root !== undefined && { root }), ...(trustRoot && { trustRoot }) };
  return hosts.map((host) => ({ ...host, ...said }));
}

/** Reads `-j` as GNU parallel does: `4`, `50%`, `+1`, `-1` (cores more or less). Throws E_USAGE. */
export function parseJobs(text: string): SlotRule {
  const [, sign, digits, percent] = /^([+-]?)(\d+)(%?)$/.exec(text.trim()) ?? [];
  const number = Number(digits);
  if (digits !== undefined && sign !== '' && percent === '') {
    return { kind: 'cores', plus: sign === '-' ? -number : number };
  }
  if (number > 0 && sign === '')
    return percent === '' ? { kind: 'count', count: number } : { kind: 'percent', percent: number };
  throw new SpecError('E_USAGE', {
    what: `${JSON.stringify(text)} is no number of jobs`,
    where: '-j',
    next: 'Write -j 4, -j 50%, -j +1 or -j -1 (cores of each host more or less).',
  });
}

/** Gives the rule to the hosts that say no number of their own. */
export function applySlots(hosts: readonly Host[], slots: SlotRule): Host[] {
  return hosts.map((host) => (saysNumber(host.slots) ? host : { ...host, slots }));
}

function saysNumber(rule: SlotRule): boolean {
  return rule.kind !== 'cores' || rule.plus !== 0;
}

function mergeInventories(inventories: readonly Inventory[], plain: HostDefaults): Inventory {
  return inventories.reduce(
    (all, { hosts, groups, defaults }) => ({
      hosts: [...all.hosts, ...hosts],
      groups: { ...all.groups, ...groups },
      defaults,
    }),
    { ...EMPTY_INVENTORY, defaults: plain },
  );
}

/** The last word about a host counts. */
function uniteHosts(hosts: readonly Host[]): Host[] {
  return [...new Map(hosts.map((host) => [host.name, host])).values()];
}
