import { z } from 'zod';
import type { Host } from '../host.js';
import { variablesSchema } from '../job-input.js';
import { namedRecord } from '../named-record.js';
import { collect, type Problem, throwProblems } from '../problems.js';
import { strictObject } from '../strict-object.js';
import { YamlSource } from '../yaml-source.js';
import { type HostTerm, parseHostTerms } from './host-terms.js';
import { createHost, findHost, type HostDefaults, type Inventory, PLAIN_DEFAULTS } from './inventory.js';
import { selectHosts } from './select-hosts.js';
import { addSlots, parseSlotRule } from './slot-rule.js';

/**
 * Reads a YAML inventory: `defaults`, `hosts` (texts, or maps with `name` and settings) and `groups`. `origin` is the file's
 * name for messages, `base` what a host has of which it says nothing. Throws one SpecError that lists every mistake with file and line (E_INVENTORY, E_HOST_SYNTAX).
 */
export function parseHostsYaml(text: string, origin: string, base: HostDefaults = PLAIN_DEFAULTS): Inventory {
  const source = new YamlSource(text, origin, 'E_INVENTORY');
  const file = source.read(fileSchema);
  const problems: Problem[] = [];
  const defaults = withSettings(base, file.defaults);
  const hosts = new Map<string, Host>();
  for (const [at, entry] of file.hosts.entries()) {
    const where = source.where(['hosts', at]);
    for (const host of readEntry(entry, where, defaults, problems)) addHost(host, where, hosts, problems);
  }
  const plain: Inventory = { hosts: [...hosts.values()], groups: {}, defaults };
  const inventory = Object.entries(file.groups).reduce(
    (known, [group, members]) => addGroup(known, group, members, source.where(['groups', group]), problems),
    plain,
  );
  throwProblems(problems, origin);
  return inventory;
}

const slotsSchema = z
  .union([z.int().transform(String), z.string()], 'is not a number, a share or cores')
  .transform((text, context) => {
    const rule = parseSlotRule(text);
    if (rule) return rule;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(text)} is not like 4, 50%, cores or cores-1`,
    });
    return z.NEVER;
  });

const listSchema = z.union(
  [z.string().transform((item) => [item]), z.array(z.string())],
  'is not a text or a list of texts',
);

const settings = {
  user: z
    .string()
    .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_.@+-]*$/u, 'is no user name')
    .optional(),
  port: z.int('is not a port').min(1, 'is not a port').max(65_535, 'is not a port').optional(),
  identity: z.string().min(1).optional(),
  slots: slotsSchema.optional(),
  nice: z
    .int('is not a whole number')
    .min(0, 'is not from 0 to 19')
    .max(19, 'is not from 0 to 19')
    .optional(),
  labels: listSchema.optional(),
  root: z
    .string()
    .regex(/^(~(\/|$)|\/)[^\0\n]*$/, 'is neither absolute nor begins with ~/')
    .optional(),
  trustRoot: z.boolean('is neither true nor false').optional(),
  init: listSchema.optional(),
  env: variablesSchema.optional(),
  managedBy: z.string().optional(),
};

const settingsSchema = strictObject(settings);
type Settings = z.output<typeof settingsSchema>;

const entrySchema = z.union(
  [
    z.string(),
    strictObject({
      name: z.string('a host needs a name'),
      address: z.string().min(1).optional(),
      ...settings,
    }),
  ],
  'is not a host: write a name, or a map with name and settings',
);
type Entry = z.output<typeof entrySchema>;

const fileSchema = strictObject({
  defaults: settingsSchema.default({}),
  hosts: z.array(entrySchema, 'is not a list of hosts'),
  groups: namedRecord(
    listSchema,
    z.string().regex(/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u, 'is no group name'),
  ).default({}),
});

/** Variables are added to those of the base; of anything else the last word counts. */
function withSettings(base: HostDefaults, { slots, env, ...rest }: Settings): HostDefaults {
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...base, ...said, env: { ...base.env, ...env }, ...(slots && { slots }) };
}

function readEntry(entry: Entry, where: string, defaults: HostDefaults, problems: Problem[]): Host[] {
  const { name, address, ...own } = typeof entry === 'string' ? { name: entry, address: undefined } : entry;
  const terms = collect(problems, () => parseHostTerms(name, where)) ?? [];
  if (address !== undefined && terms.length > 1) {
    problems.push({
      code: 'E_INVENTORY',
      where,
      what: `${name} is more than one host and cannot have one address`,
    });
  }
  return terms.flatMap((term) => {
    if (term.kind === 'group' || term.exclude) {
      problems.push({
        code: 'E_INVENTORY',
        where,
        what: `${name}: hosts are named one by one here; use groups`,
      });
      return [];
    }
    const settings = withSettings(defaults, own);
    const via = term.via.kind === 'ssh' && address !== undefined ? { ...term.via, address } : term.via;
    return [{ ...createHost(term.name, via, settings), ...(term.slots && { slots: term.slots }) }];
  });
}

/** A host listed twice has the slots of both; anything else that differs is a mistake. */
function addHost(host: Host, where: string, hosts: Map<string, Host>, problems: Problem[]): void {
  const earlier = hosts.get(host.name);
  const slots = earlier ? addSlots(earlier.slots, host.slots) : host.slots;
  const same = !earlier || JSON.stringify({ ...earlier, slots }) === JSON.stringify({ ...host, slots });
  if (slots && same) hosts.set(host.name, { ...host, slots });
  else
    problems.push({
      code: 'E_INVENTORY',
      where,
      what: `${host.name} is listed twice with different settings`,
    });
}

function addGroup(
  known: Inventory,
  group: string,
  members: string[],
  where: string,
  problems: Problem[],
): Inventory {
  const terms = members.flatMap((member) => collect(problems, () => parseHostTerms(member, where)) ?? []);
  for (const term of terms.filter((member) => isStranger(member, known))) {
    problems.push({
      code: 'E_INVENTORY',
      where,
      what: `group ${group}: ${nameOf(term)} is not among the hosts`,
    });
  }
  const names = selectHosts(terms, known, problems).map(({ name }) => name);
  return { ...known, groups: { ...known.groups, [group]: names } };
}

function isStranger(term: HostTerm, known: Inventory): boolean {
  return term.kind === 'host' && findHost(known.hosts, term.name) === undefined;
}

function nameOf(term: HostTerm): string {
  return term.kind === 'host' ? term.name : `@${term.group}`;
}
