import { SpecError } from '../../errors.js';
import type { Host } from '../host.js';
import { nearestWord } from '../nearest-word.js';
import { collect, type Problem } from '../problems.js';
import type { HostTerm } from './host-terms.js';
import { createHost, findHost, groupMembers, type Inventory } from './inventory.js';
import { addSlots } from './slot-rule.js';

/**
 * The hosts that a list of terms means, in order, each once. A host named twice gets the slots of both; one that comes
 * by way of groups does not. What is left out is left out wherever it stands. Mistakes are added to `problems`.
 */
export function selectHosts(terms: readonly HostTerm[], inventory: Inventory, problems: Problem[]): Host[] {
  const chosen = new Map<string, Host>();
  const named = new Set<string>();
  for (const term of terms.filter(({ exclude }) => !exclude)) {
    for (const host of collect(problems, () => hostsOf(term, inventory)) ?? []) {
      const again = term.kind === 'host' && named.has(host.name);
      if (again) collect(problems, () => addMention(host, term.where, chosen));
      else if (!chosen.has(host.name)) chosen.set(host.name, host);
      if (term.kind === 'host') named.add(host.name);
    }
  }
  for (const term of terms.filter(({ exclude }) => exclude)) {
    collect(problems, () => leaveOut(term, inventory, chosen));
  }
  return [...chosen.values()];
}

function addMention(host: Host, where: string, chosen: Map<string, Host>): void {
  const slots = addSlots(chosen.get(host.name)?.slots ?? host.slots, host.slots);
  if (slots) chosen.set(host.name, { ...host, slots });
  else refuse(where, `${host.name} is listed twice with slots that cannot be added`, 'List the host once.');
}

function hostsOf(term: HostTerm, inventory: Inventory): Host[] {
  const slots = term.slots ? { slots: term.slots } : {};
  if (term.kind === 'host') {
    const known = findHost(inventory.hosts, term.name);
    return [{ ...(known ?? createHost(term.name, term.via, inventory.defaults)), ...slots }];
  }
  return namesOf(term, inventory)
    .flatMap((name) => findHost(inventory.hosts, name) ?? [])
    .map((host) => ({ ...host, ...slots }));
}

function namesOf(term: HostTerm, inventory: Inventory): readonly string[] {
  if (term.kind === 'host') return [term.name];
  const members = groupMembers(inventory, term.group);
  if (members) return members;
  const labels = inventory.hosts.flatMap((host) => host.labels);
  const meant = nearestWord(term.group, ['all', ...Object.keys(inventory.groups), ...labels]);
  const what = `there is no group @${term.group}${meant ? ` (did you mean @${meant}?)` : ''}`;
  refuse(term.where, what, 'Groups and labels come from a YAML hosts file, given with --slf.');
}

function leaveOut(term: HostTerm, inventory: Inventory, chosen: Map<string, Host>): void {
  for (const name of namesOf(term, inventory)) {
    const host = findHost([...chosen.values()], name);
    if (host) chosen.delete(host.name);
    else if (term.kind === 'host')
      refuse(term.where, `!${name} is not in the list, so it cannot be left out`, 'Check the spelling.');
  }
}

function refuse(where: string, what: string, next: string): never {
  throw new SpecError('E_HOST_SYNTAX', { what, where, next });
}
