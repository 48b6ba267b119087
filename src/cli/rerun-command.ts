import type { Command } from 'commander';
import { findOwnBatch } from '../batch/find-batch.js';
import type { StartOrder } from '../batch/longest-first.js';
import { planRerun, rerunAsNew, rerunBatch } from '../batch/rerun-batch.js';
import type { JobSelector } from '../batch/select-jobs.js';
import { SpecError } from '../errors.js';
import { chooseHosts } from './choose-hosts.js';
import { addHostOptions, collect, type HostOptions, toContact } from './common-options.js';
import { parseWhole } from './parse-whole.js';
import { addOutputOptions, createOrderOption } from './run-options.js';
import { showBatch, tellChanged, tellLeftOut, warnOnce } from './show-batch.js';
import { listRerun } from './update-text.js';
import type { WatchOptions } from './watch-run.js';

interface RerunOptions extends HostOptions, WatchOptions {
  readonly failed: boolean;
  readonly unfinished: boolean;
  readonly all: boolean;
  readonly host: readonly string[];
  readonly exit: readonly string[];
  readonly where: readonly string[];
  readonly job: readonly string[];
  readonly order?: StartOrder;
  readonly out?: string;
  readonly dryRun: boolean;
}

/** `gpool rerun`: gives jobs of a batch new attempts. */
export function addRerunCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('rerun')
    .summary('run jobs of a batch again')
    .argument('[batch]', 'a batch directory, its name under ./batches, or latest (default: latest)')
    .option('--failed', 'jobs that failed (the default, unless --job names some)', false)
    .option('--unfinished', 'jobs that did not end by themselves: waiting, unknown, cancelled, lost', false)
    .option('--all', 'jobs however they ended', false)
    .option('--host <name>', 'only those whose last attempt was there; may be repeated', collect, [])
    .option('--exit <n>', 'only those that ended with this exit code; may be repeated', collect, [])
    .option('--where <name=value>', 'only those with this value; may be repeated, all must hold', collect, [])
    .option('--job <name>', 'only this job, by number or name, id=3, name=3; may be repeated', collect, [])
    .addOption(createOrderOption())
    .option('--out <dir>', 'make a new batch of them there, and leave this one as it is')
    .option('--dry-run', 'list them, run nothing', false)
    .addHelpText('before', EXAMPLES);
  addOutputOptions(addHostOptions(command)).action(
    async (batch: string | undefined, options: RerunOptions) => {
      finish(await rerun(batch, options));
    },
  );
}

async function rerun(batch: string | undefined, options: RerunOptions): Promise<number> {
  const cwd = process.cwd();
  const selector = readSelector(options);
  const directory = await findOwnBatch(batch, cwd);
  const { order, out } = options;
  const hosts = await chooseHosts(options);
  const jobs = await planRerun({ directory, selector, order, out });
  if (options.dryRun) {
    process.stdout.write(
      listRerun(jobs)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  }
  process.stderr.write(`gpool: ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} again\n`);
  return showBatch(options, cwd, (around) => {
    const request = {
      directory,
      selector,
      order,
      cwd,
      hosts,
      onChanged: tellChanged,
      onLeftOut: tellLeftOut,
      onLogError: warnOnce(),
      ...toContact(options, around),
    };
    return out === undefined ? rerunBatch(request) : rerunAsNew({ ...request, out });
  });
}

function readSelector(options: RerunOptions): JobSelector {
  const { failed, unfinished, all, host, exit, where, job } = options;
  const exits = exit.map((text) => parseWhole('--exit', text, 0, 255));
  return { failed, unfinished, all, hosts: host, jobs: job, exits, where: where.map(readCondition) };
}

function readCondition(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf('=');
  if (at > 0) return { name: text.slice(0, at), value: text.slice(at + 1) };
  throw new SpecError('E_USAGE', {
    what: `${JSON.stringify(text)} is no name=value`,
    where: '--where',
    next: 'Write a name and its value, e.g. --where lr=0.1.',
  });
}

const EXAMPLES = `Examples:
  gpool rerun                            the failed jobs of the newest batch
  gpool rerun runs/a --exit 137          those of them that ended with exit code 137
  gpool rerun runs/a --all --host lab07  whatever ran last on lab07
  gpool rerun runs/a --all --where lr=0.1 --dry-run
                                         which jobs had that value
  gpool rerun runs/a --out runs/b        a new batch of the failed jobs

`;
