import type { Command } from 'commander';
import { collectGarbage, type HostGarbage } from '../batch/collect-garbage.js';
import { findOwnBatch } from '../batch/find-batch.js';
import type { GarbageEntry } from '../batch/garbage-entry.js';
import { loadBatch } from '../batch/load-batch.js';
import { everyHost } from '../batch/replace-hosts.js';
import { parseDuration } from '../spec/duration.js';
import type { Host } from '../spec/host.js';
import { chooseHosts } from './choose-hosts.js';
import { addHostOptions, type HostOptions, toConnection, toContact } from './common-options.js';
import { formatDuration } from './duration-text.js';
import { formatFault } from './error-text.js';
import { needHosts } from './exec-command.js';
import { createPaint, type Paint, wantsColor } from './paint.js';
import { toPlainLine } from './plain-text.js';
import { formatTable } from './table.js';

interface GcOptions extends HostOptions {
  readonly dryRun: boolean;
  readonly all: boolean;
  readonly force: boolean;
  readonly olderThan?: string;
  readonly json: boolean;
}

/** `gpool gc`: takes away from hosts what is over. */
export function addGcCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('gc')
    .summary('take away from hosts what is over')
    .argument('[batch]', 'the hosts of this batch (default: those of -S or --slf, else of the newest batch)')
    .option('-n, --dry-run', 'show what would be removed, and remove nothing', false)
    .option('--all', 'also caches and helpers: leave a host as it was found, where nothing is kept', false)
    .option('--force', 'also what runs and what was not fetched: it is lost', false)
    .option('--older-than <time>', 'what nobody touched for this long, e.g. 7d (default: 30d)')
    .option('--json', 'one JSON value', false)
    .addHelpText('before', EXAMPLES);
  addHostOptions(command).action(async (batch: string | undefined, options: GcOptions) => {
    finish(await clean(batch, options));
  });
}

async function clean(batch: string | undefined, options: GcOptions): Promise<number> {
  const { hosts, connection } = await findHosts(batch, options);
  const { dryRun, all, force, olderThan } = options;
  const olderSecs = olderThan === undefined ? undefined : Math.ceil(parseDuration(olderThan));
  const results = await collectGarbage(
    hosts,
    { dryRun, all, force, olderSecs },
    connection,
    toContact(options),
  );
  const faults = results.flatMap((result) => ('fault' in result ? [result.fault] : []));
  if (options.json) process.stdout.write(`${JSON.stringify({ schema: 1, dryRun, hosts: results })}\n`);
  else print(results, options);
  for (const fault of options.json ? [] : faults) process.stderr.write(`${formatFault(fault)}\n`);
  if (faults.length === 0) return 0;
  return faults.length === results.length ? 4 : 6;
}

/** Connected to as the batch is, unless other hosts are named. */
async function findHosts(batch: string | undefined, options: GcOptions) {
  const named = batch === undefined ? await chooseHosts(options) : undefined;
  if (named) return { hosts: await needHosts(options), connection: toConnection(options) };
  const loaded = await loadBatch(await findOwnBatch(batch, process.cwd()));
  const hosts: readonly Host[] = everyHost(loaded);
  return { hosts, connection: { ...loaded.file.options, ...toConnection(options) } };
}

function print(results: readonly HostGarbage[], { dryRun, color }: GcOptions): void {
  const paint = createPaint(wantsColor(color, process.env, process.stdout.isTTY === true));
  const rows = results.flatMap((result) => ('entries' in result ? describeHost(result, dryRun, paint) : []));
  if (rows.length > 0) process.stdout.write(`${formatTable(rows)}\n`);
}

type Cleaned = Extract<HostGarbage, { entries: unknown }>;

function describeHost({ host, entries }: Cleaned, dryRun: boolean, paint: Paint): string[][] {
  if (entries.length === 0) return [[toPlainLine(host), paint.green('clean'), 'nothing to remove']];
  const removed = dryRun ? 'would remove' : 'removed';
  return entries.map((entry) => [
    toPlainLine(host),
    entry.removed ? paint.green(removed) : paint.yellow('kept'),
    ...describeEntry(entry).map(toPlainLine),
  ]);
}

/** What it is, and why it goes or stays. */
function describeEntry(entry: GarbageEntry): [string, string] {
  switch (entry.kind) {
    case 'batch': {
      const { owner, why, idleSecs } = entry;
      const whose = owner === null ? '' : `, of ${owner.user}@${owner.host}:${owner.directory}`;
      return [
        `batch ${entry.name}`,
        `${WHY[why] ?? why}, untouched for ${formatDuration(idleSecs * 1000)}${whose}`,
      ];
    }
    case 'cache':
      return [`${entry.files} cached inputs`, ''];
    case 'helpers':
      return [`${entry.files} helpers`, ''];
    case 'root':
      return [entry.path, entry.removed ? '' : 'it has files that are not of gpool'];
  }
}

const WHY: Readonly<Record<string, string>> = {
  over: 'over and fetched',
  ended: 'not fetched, as far as is known here',
  unfinished: 'jobs still wait there: `gpool resume` goes on with them',
};

const EXAMPLES = `Examples:
  gpool gc -n -S 'lab[01-12]'        what is there of gpool, and what would go
  gpool gc runs/a                    on the hosts of this batch: what is over and fetched, or expired
  gpool gc --all --slf hosts.yaml    the hosts as they were found, but for what still runs or was not fetched

`;
