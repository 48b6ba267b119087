import type { Command } from 'commander';
import { findOwnBatch } from '../batch/find-batch.js';
import { type GivenOrder, giveOrder } from '../batch/give-order.js';
import { loadBatch } from '../batch/load-batch.js';
import { nameJobs } from '../batch/name-jobs.js';
import { addConnectOptions, type ConnectOptions, toContact } from './common-options.js';
import { formatFault } from './error-text.js';
import { toPlainLine } from './plain-text.js';
import { describePlace } from './show-batch.js';
import type { AddVerb } from './verbs.js';

type Verb = 'cancel' | 'pause' | 'unpause';

interface JobOrderOptions extends ConnectOptions {
  readonly host?: string;
}

export const addCancelCommand = jobOrderCommand('cancel', 'end jobs of a batch, or all of them');
export const addPauseCommand = jobOrderCommand('pause', 'let jobs of a batch rest, or all of them');
export const addUnpauseCommand = jobOrderCommand('unpause', 'let jobs that were paused go on');

/** `gpool cancel | pause | unpause`: while the batch runs, and when it was left. */
function jobOrderCommand(verb: Verb, summary: string): AddVerb {
  return (program: Command, finish) => {
    const command = program
      .command(verb)
      .summary(summary)
      .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
      .argument(
        '[jobs...]',
        'jobs by number or name, * and ? in names; id=3, name=3 where that is not clear (default: all that have not ended)',
      )
      .option('--host <name>', 'only jobs that this host has')
      .addHelpText('before', EXAMPLES[verb]);
    addConnectOptions(command).action(async (batch: string, jobs: string[], options: JobOrderOptions) => {
      finish(await order(verb, batch, jobs, options));
    });
  };
}

async function order(
  kind: Verb,
  batch: string,
  words: readonly string[],
  options: JobOrderOptions,
): Promise<number> {
  const cwd = process.cwd();
  const directory = await findOwnBatch(batch, cwd);
  const place = describePlace({ directory: directory.path }, cwd);
  const jobs = words.length === 0 ? 'all' : nameJobs((await loadBatch(directory)).state.jobs, words, place);
  const given = await giveOrder(directory, { kind, jobs, host: options.host ?? null }, toContact(options));
  for (const fault of given.faults) process.stderr.write(`${formatFault(fault)}\n`);
  process.stderr.write(`gpool: ${describeGiven(kind, given, place)}\n`);
  return given.later > 0 ? 6 : 0;
}

function describeGiven(kind: Verb, given: GivenOrder, place: string): string {
  const { changed, later, laterHosts, by } = given;
  if (changed === 0) return `no job to ${kind}: they have ended, or were told so before`;
  const count = `${changed} ${changed === 1 ? 'job was' : 'jobs were'} ${WORDS[kind]}`;
  const hosts = laterHosts.map(toPlainLine).join(', ');
  const rest = later > 0 ? `, ${later} of them when ${hosts} can be reached` : '';
  const next = by === 'journal' ? `; \`gpool resume ${place}\` goes on with the batch` : '';
  return `${count}${rest}${next}`;
}

const WORDS = { cancel: 'told to end', pause: 'paused', unpause: 'let go on' } as const;

const EXAMPLES = {
  cancel: `Examples:
  gpool cancel latest               end the newest batch: what runs is ended, what waits is never started
  gpool cancel latest 7 'train*'    job 7, and all whose names begin with train
  gpool cancel runs/a --host lab03  what lab03 has; told when it returns if it is away

`,
  pause: `Examples:
  gpool pause latest               start nothing more, halt what runs
  gpool pause latest 7             one job
  gpool pause latest --host lab03  what lab03 has

`,
  unpause: `Examples:
  gpool unpause latest             all go on

`,
} as const;
