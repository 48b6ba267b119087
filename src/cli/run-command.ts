import { relative } from 'node:path';
import type { Command } from 'commander';
import type { BatchRun } from '../batch/batch-run.js';
import { batchExitCode } from '../batch/exit-code.js';
import { runBatch } from '../batch/run-batch.js';
import { toContact } from './common-options.js';
import { toPlainLine } from './plain-text.js';
import type { ProgressView } from './progress-view.js';
import { addRunOptions, type RunOptions } from './run-options.js';
import { planRun, type RunPlan } from './run-plan.js';
import { watchRun } from './watch-run.js';

/** `gpool run`: a batch from a command line or a batch file. */
export function addRunCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('run')
    .summary('run a batch of jobs on a pool of hosts')
    .usage('[options] [--] COMMAND [::: ARGS]… | FILE.yaml')
    .argument('[words...]', 'the command and its arguments, as GNU parallel takes them, or a batch file')
    .passThroughOptions()
    .addHelpText('before', EXAMPLES);
  addRunOptions(command).action(async (words: string[], options: RunOptions) => {
    finish(await run(words, options));
  });
}

async function run(words: readonly string[], options: RunOptions): Promise<number> {
  const cwd = process.cwd();
  const plan = await planRun(words, options, cwd);
  if (options.dryRun) return printCommands(plan);
  if (plan.specs.length === 0) {
    process.stderr.write('gpool: no arguments, so there is nothing to run\n');
    return 0;
  }
  return runPlan(plan, options, cwd);
}

async function runPlan(plan: RunPlan, options: RunOptions, cwd: string): Promise<number> {
  // A question may come while the live view is up; the view exists only once there is a batch.
  let view: Pick<ProgressView, 'before' | 'after'> = { before() {}, after() {} };
  const around = { before: () => view.before(), after: () => view.after() };
  const batch = await runBatch({
    ...plan,
    ...toContact(options, around),
    cwd,
    joblog: options.joblog,
    onLogError: warnOnce(),
  });
  const { end, signal } = await watchRun(batch, options, describePlace(batch, cwd), (shown) => {
    view = shown;
  });
  const { counts, kind } = end.summary;
  return batchExitCode({ counts, noHost: kind === 'no-host', signal });
}

/** What `--dry-run` prints: the scripts as the hosts would get them. */
function printCommands({ specs }: RunPlan): number {
  for (const { commands } of specs) process.stdout.write(`${commands.join('\n')}\n`);
  return 0;
}

/** As short as it can be typed from here. */
export function describePlace({ directory }: Pick<BatchRun, 'directory'>, cwd: string): string {
  const path = relative(cwd, directory);
  return path === '' || path.startsWith('..') ? directory : path;
}

function warnOnce(): (error: unknown) => void {
  let warned = false;
  return (error) => {
    if (!warned)
      process.stderr.write(
        `gpool: a log cannot be written: ${toPlainLine(String(error))}; the batch goes on\n`,
      );
    warned = true;
  };
}

const EXAMPLES = `Examples:
  gpool run -- gzip -k {} ::: *.log                       on this machine, one job for each core
  gpool run -S lab[01-12] -- hostname ::: 1 2 3           on twelve hosts over SSH
  gpool run -S 4/me@gpu1:2222,: --trc {.}.out -- ./sim {} ::: *.in
                                                          send each input, fetch each result
  gpool run --slf hosts.yaml --file sim -- ./sim {1} {2} ::: 0.1 0.01 ::: 2 4
                                                          every combination, with a common file
  seq 100 | gpool run -S lab01 --tag -- echo job {}       arguments from standard input
  gpool run batch.yaml --dry-run                          the commands of a batch file, none of them run

`;
