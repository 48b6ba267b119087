import { type Command, Option } from 'commander';
import type { StartOrder } from '../batch/longest-first.js';
import { addHostOptions, collect, type HostOptions } from './common-options.js';
import { addRetryOptions, type RetryOptions } from './retry-options.js';
import { addTailOptions, type TailOptions } from './tail-options.js';

/** The options of `gpool run`, as commander gives them. */
export interface RunOptions extends HostOptions, RetryOptions, TailOptions {
  readonly jobs?: string;
  readonly file: readonly string[];
  readonly return: readonly string[];
  readonly trc: readonly string[];
  readonly env: readonly string[];
  readonly nice?: string;
  readonly header?: string;
  readonly colsep?: string;
  readonly arg?: readonly string[];
  readonly name?: string;
  readonly out?: string;
  readonly results?: string;
  readonly update: boolean;
  readonly joblog?: string;
  readonly resume: boolean;
  readonly resumeFailed: boolean;
  readonly retryFailed: boolean;
  readonly maxRunning?: string;
  readonly placement?: 'random' | 'pack' | 'spread';
  readonly order?: StartOrder;
  readonly keepOrder: boolean;
  readonly tag: boolean;
  readonly lineBuffer: boolean;
  readonly quiet: boolean;
  readonly bar: boolean;
  readonly eta: boolean;
  readonly dryRun: boolean;
  readonly detach: boolean;
  readonly keepFailed: boolean;
}

export function addRunOptions(command: Command): Command {
  addBatchOptions(addJobOptions(command));
  addOutputOptions(addTailOptions(addRetryOptions(command)));
  return addHostOptions(command);
}

function addJobOptions(command: Command): Command {
  return command
    .optionsGroup('Jobs:')
    .option('-j, --jobs <n>', 'jobs at once on each host: 4, 50%, +1, -1 (default: one for each core)')
    .option(
      '--file <src[:dest]>',
      'send a file or directory to each job; may hold replacement strings',
      collect,
      [],
    )
    .option(
      '--return <path>',
      'fetch a file or pattern after each job; a trailing ? makes it optional',
      collect,
      [],
    )
    .option('--trc <path>', 'send {} and fetch this', collect, [])
    .option('--env <name>', 'give jobs this variable of yours', collect, [])
    .option('--nice <n>', 'niceness of jobs on hosts that have none of their own, 0 to 19 (default: 10)')
    .option('-a, --arg <file>', 'read arguments from a file, as :::: does', collect)
    .option('--header <:>', 'the first line of each source names its columns')
    .option('--colsep <regex>', 'split each argument into columns')
    .option('--max-running <n>', 'jobs at once on all hosts together')
    .addOption(
      new Option('--placement <how>', 'which host is next (default: random)').choices([
        'random',
        'pack',
        'spread',
      ]),
    );
}

function addBatchOptions(command: Command): Command {
  return command
    .optionsGroup('Batch:')
    .option('--name <name>', 'name the batch')
    .option('--out <dir>', 'the batch directory (default: batches/<date>-<time>-<name>)')
    .option('--results <dir>', 'the same as --out')
    .option('--update', 'with --out of a batch whose commands are all others: make this one of it', false)
    .addOption(createOrderOption())
    .option('--joblog <file>', "a copy of the joblog, in GNU parallel's columns")
    .option('--resume', 'skip the jobs that --joblog has', false)
    .option('--resume-failed', 'skip the jobs that succeeded by --joblog', false)
    .option('--retry-failed', 'run what failed by --joblog, as it stands there', false)
    .option('--detach', 'hand the jobs to the hosts and return; `gpool attach` comes back to them', false)
    .option(
      '--keep-failed',
      'leave the directories of the batch on the hosts when a job failed; `gpool gc` takes them away',
      false,
    )
    .option('--dry-run', 'print the commands, connect to nothing', false);
}

/** For jobs that are run again. */
export function createOrderOption(): Option {
  const orders: readonly StartOrder[] = ['longest', 'given'];
  return new Option(
    '--order <how>',
    'which of the jobs that run again start first, by their earlier run times (default: longest)',
  ).choices(orders);
}

/** What is shown while a batch runs. */
export function addOutputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('-k, --keep-order', 'print outputs in the order of the jobs', false)
    .option('--tag', 'put the arguments before each line of output', false)
    .option('--line-buffer', 'print lines while jobs run', false)
    .option('--quiet', 'print no output of jobs', false)
    .option('--bar', 'show the live view, also when stderr is not a terminal', false)
    .option('--eta', 'the same as --bar', false);
}
