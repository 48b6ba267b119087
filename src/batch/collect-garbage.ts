import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Fault, HostError } from '../errors.js';
import { packagedHelper } from '../network/direct/packaged-helper.js';
import { TRUST } from '../network/direct/trust-script.js';
import { type HostResult, runOnHosts } from '../network/run-on-hosts.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';
import { type Contact, sshSettings } from './create-network.js';
import { type GarbageEntry, parseGarbage } from './garbage-entry.js';
import { isBatchOver } from './is-batch-over.js';

/** What is taken away. Batches that are over always are, and those that nobody touched for their time to live. */
export interface GarbageRules {
  /** Tell what would be removed, and remove nothing. */
  readonly dryRun: boolean;
  /** Also the cache, the helpers and the root directory itself, where no batch is left. */
  readonly all: boolean;
  /** Also what runs, what was not fetched and what is of others' controllers. */
  readonly force: boolean;
  /** The time to live, in place of what each batch says. Seconds. */
  readonly olderSecs?: number | undefined;
}

/** What was found on a host, or why it could not be asked. */
export type HostGarbage =
  | { readonly host: string; readonly entries: readonly GarbageEntry[] }
  | { readonly host: string; readonly fault: Fault };

/** Cleans all hosts at once and installs nothing; every host has an answer, in the order of the hosts. */
export async function collectGarbage(
  hosts: readonly Host[],
  rules: GarbageRules,
  options: BatchOptions,
  contact: Contact,
): Promise<readonly HostGarbage[]> {
  const helper = await readFile(packagedHelper().path);
  const clean = async (words: readonly string[]) => {
    const script = {
      scriptOf: () => CLEAN,
      argsOf: ({ root, trustRoot }: Host) => [root, trustRoot ? '1' : '0', ...words],
      input: helper,
    };
    const results = await runOnHosts(
      hosts,
      { ...script, deadlineMs: LONGEST_MS },
      sshSettings(options, contact),
    );
    return results.map(readResult);
  };
  const words = describeRules(rules);
  if (!rules.force) return clean([...words, ...(await findOver(await clean(['dry-run'])))]);
  // Each machine ends what it runs itself; only then goes what none of them can end.
  const first = await clean(words);
  const left = listElsewhere(first);
  return left.length === 0 ? first : joinResults(first, await clean([...words, ...left]));
}

/** Batches whose agent is on a machine that was not asked. */
function listElsewhere(results: readonly HostGarbage[]): string[] {
  const entries = results.flatMap((result) => ('entries' in result ? result.entries : []));
  const names = entries.flatMap((entry) => (entry.kind === 'batch' && entry.elsewhere ? [entry.name] : []));
  return [...new Set(names)];
}

/** What went in the first round, and all of the second. */
function joinResults(first: readonly HostGarbage[], second: readonly HostGarbage[]): readonly HostGarbage[] {
  return second.map((result, at) => {
    const before = first[at];
    if (!before || !('entries' in before) || !('entries' in result)) return result;
    return { ...result, entries: [...before.entries.filter(({ removed }) => removed), ...result.entries] };
  });
}

function describeRules({ dryRun, all, force, olderSecs }: GarbageRules): string[] {
  return [
    ...(dryRun ? ['dry-run'] : []),
    ...(all ? ['all'] : []),
    ...(force ? ['force'] : []),
    ...(olderSecs === undefined ? [] : [`older=${olderSecs}`]),
  ];
}

/** Of what the hosts still have, the batches that were run from here and are over, as `<host id>/<batch>`. */
async function findOver(found: readonly HostGarbage[]): Promise<string[]> {
  const entries = found.flatMap((result) => ('entries' in result ? result.entries : []));
  const ours = entries
    .filter((entry) => entry.kind === 'batch')
    .filter(({ owner }) => owner?.host === hostname());
  const verdicts = new Map<string, boolean>();
  for (const { name, owner } of ours) {
    if (owner === null || verdicts.has(name)) continue;
    verdicts.set(name, await isBatchOver(owner.directory, name.slice(name.indexOf('/') + 1)));
  }
  return [...verdicts].flatMap(([name, over]) => (over ? [name] : []));
}

function readResult(result: HostResult): HostGarbage {
  if ('fault' in result) return result;
  const { host, ran } = result;
  if (ran.code === 0) return { host, entries: parseGarbage(ran.stdout.toString('utf8')) };
  const what = ran.stderr
    .toString('utf8')
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^gjob: /, '')
    .slice(0, 300);
  const next =
    'Nothing was removed there. Name the directory that gpool uses on this host, with --root or in the inventory.';
  const fault = new HostError('E_ROOT', { what: what || 'the host could not be cleaned', where: host, next });
  return { host, fault: fault.toFault() };
}

/** Long enough for a cache of many files, and for jobs that are told to end. */
const LONGEST_MS = 10 * 60_000;

/** $1 root, $2 whether the way to it is trusted as it is, then the words of `gjob gc`; the helper comes on stdin and is not installed. */
const CLEAN = `
${TRUST}
find_root "$1"
(($2)) || trust_way "$root"
shift 2
bash <(cat) gc "$root" "$@" </dev/null`;
