import { SpecError } from '../../errors.js';
import type { Host } from '../host.js';
import { collect, type Problem, throwProblems } from '../problems.js';
import { findForeign, translateLine } from './foreign-line.js';
import { type HostTerm, parseHostTerms } from './host-terms.js';
import { EMPTY_INVENTORY, type Inventory } from './inventory.js';
import { selectHosts } from './select-hosts.js';

/**
 * Reads hosts as written on a command line or in GNU parallel's sshlogin files: terms `[slots/][user@]name[:port]`, `:` for this
 * machine, `@group`, `!term` to leave out, with ranges, separated by commas or newlines; `#` begins a comment. `origin` names the
 * source in messages. Groups and settings come from the inventory. Throws one SpecError that lists every mistake (E_HOST_SYNTAX), or
 * E_NO_HOST.
 */
export function parseHosts(
  hosts: string | readonly string[],
  origin = 'hosts',
  inventory: Inventory = EMPTY_INVENTORY,
): Host[] {
  const problems: Problem[] = [];
  const lines =
    typeof hosts === 'string' ? splitLines(hosts, origin) : hosts.map((text) => ({ text, where: origin }));
  const terms = lines.flatMap(({ text, where }) => collect(problems, () => parseLine(text, where)) ?? []);
  const selected = selectHosts(terms, inventory, problems);
  throwProblems(problems, origin);
  if (selected.length === 0) throw new SpecError('E_NO_HOST', { what: 'there is no host', where: origin });
  return selected;
}

function parseLine(text: string, where: string): HostTerm[] {
  const line = translateLine(text.trim());
  const foreign = findForeign(line);
  if (!foreign) return parseHostTerms(line, where);
  const { what, next } = foreign;
  throw new SpecError('E_HOST_SYNTAX', { what: `${JSON.stringify(text)} ${what}`, where, next });
}

function splitLines(text: string, origin: string): { text: string; where: string }[] {
  const lines = text.split(/\r?\n/);
  return lines.map((line, at) => ({
    text: line.replace(/(^|\s)#.*$/, '').trim(),
    where: lines.length > 1 ? `${origin}:${at + 1}` : origin,
  }));
}
