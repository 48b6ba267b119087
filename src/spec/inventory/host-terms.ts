import { isIPv6 } from 'node:net';
import { SpecError } from '../../errors.js';
import type { Host, SlotRule } from '../host.js';
import { expandRanges } from './ranges.js';
import { parseSlotRule } from './slot-rule.js';

/** One part of a list of hosts: a host or a group, to take or to leave out. */
export type HostTerm = {
  /** The place it was written at, for messages. */
  readonly where: string;
  readonly exclude: boolean;
  /** What stands before the slash; undefined when nothing does. */
  readonly slots: SlotRule | undefined;
} & (
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'host'; readonly name: string; readonly via: Host['via'] }
);

/**
 * Reads a list of hosts: terms `[slots/][user@]name[:port]`, `:` or `@group`, separated by commas, each with ranges;
 * `!term` leaves out. Throws E_HOST_SYNTAX at the first mistake, placed at `where`.
 */
export function parseHostTerms(list: string, where: string): HostTerm[] {
  const refuse: Refuse = (text, what) => {
    throw new SpecError('E_HOST_SYNTAX', { what: `${JSON.stringify(text)} ${what}`, where });
  };
  return splitList(list, refuse).flatMap(({ text, exclude }) => {
    const [, before, rest = text] = /^([^/@[\]]*)\/(.*)$/.exec(text) ?? [];
    const slots = before === undefined ? undefined : parseSlotRule(before);
    if (before !== undefined && slots === undefined)
      refuse(text, `has ${JSON.stringify(before)} for its slots`);
    return expandRanges(rest, where).map((name) => ({
      where,
      exclude,
      slots,
      ...parseDestination(name, refuse),
    }));
  });
}

type Refuse = (text: string, what: string) => never;

function splitList(list: string, refuse: Refuse): { text: string; exclude: boolean }[] {
  const tokens = list.match(/[,!]|(?:\[[^\]]*\]?|[^,![])+/g) ?? [];
  return tokens.flatMap((token, at) => {
    if (token === ',') return [];
    if (token !== '!') return [{ text: token.trim(), exclude: tokens[at - 1] === '!' }];
    if (/^[,!]?$/.test(tokens[at + 1] ?? '')) refuse(list, 'has nothing after !');
    return [];
  });
}

type Destination = { kind: 'group'; group: string } | { kind: 'host'; name: string; via: Host['via'] };

function parseDestination(name: string, refuse: Refuse): Destination {
  if (/\s/.test(name)) refuse(name, 'has a blank in it; options of ssh belong in ssh_config');
  if (name === ':') return { kind: 'host', name, via: { kind: 'local' } };
  if (name.startsWith('@')) return { kind: 'group', group: checkName(name.slice(1), name, refuse, 'group') };
  const at = name.lastIndexOf('@');
  const user = at < 0 ? undefined : checkUser(name.slice(0, at), name, refuse);
  const [, address = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(name.slice(at + 1)) ?? [];
  return {
    kind: 'host',
    name,
    via: {
      kind: 'ssh',
      address: checkAddress(address, name, refuse),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port: checkPort(port, name, refuse) }),
    },
  };
}

function checkUser(user: string, whole: string, refuse: Refuse): string {
  if (user.includes(':')) refuse(whole.replace(/:.*@/, ':…@'), 'has a password, which does not belong here');
  if (!USER.test(user)) refuse(whole, `has an impossible user name: ${JSON.stringify(user)}`);
  return user;
}

function checkAddress(address: string, whole: string, refuse: Refuse): string {
  if (!address.startsWith('[')) {
    if (address === '' && whole.includes('::'))
      refuse(whole, 'is no host name; write an IPv6 address as [::1]');
    return checkName(address, whole, refuse);
  }
  const inner = address.slice(1, -1);
  return isIPv6(inner)
    ? inner
    : refuse(whole, `has no IPv6 address in its brackets: ${JSON.stringify(inner)}`);
}

function checkName(name: string, whole: string, refuse: Refuse, what = 'host'): string {
  return NAME.test(name) ? name : refuse(whole, `has an impossible ${what} name: ${JSON.stringify(name)}`);
}

function checkPort(port: string, whole: string, refuse: Refuse): number {
  const valid = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return valid ? Number(port) : refuse(whole, `has an impossible port: ${JSON.stringify(port)}`);
}

/** No dash in front, so that no name is ever taken for an option; nothing that a shell would read. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;
const USER = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]*$/u;
