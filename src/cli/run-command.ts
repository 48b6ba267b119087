import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findOtherPlace } from '../batch/foreign-batch.js';
import { runBatch } from '../batch/run-batch.js';
import { findUpdate } from '../batch/update-batch.js';
import { bytesOfText, holdsBytes } from '../bytes.js';
import { SpecError } from '../errors.js';
import { toContact } from './common-options.js';
import { showFollowing } from './follow-hosts.js';
import { toPlainLine } from './plain-text.js';
import { planJoblog } from './plan-joblog.js';
import { addRunOptions, type RunOptions } from './run-options.js';
import { planRun, type RunPlan } from './run-plan.js';
import { runUpdate } from './run-update.js';
import { readRunWords } from './run-words.js';
import { tellLeftOut, warnOnce } from './show-batch.js';

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
    finish(await run(readRunWords(command, words), options));
  });
}

async function run(words: readonly string[], options: RunOptions): Promise<number> {
  const cwd = process.cwd();
  refuseBytes(options);
  const plan = await planJoblog(await planRun(words, options), options, cwd);
  const existing = plan.out === undefined ? null : await findUpdate(resolve(cwd, plan.out));
  if (existing) return runUpdate(existing, plan, options, cwd);
  if (options.dryRun) return printCommands(plan);
  if (plan.specs.length === 0) {
    const why = plan.removed ? 'every job was run before' : 'no arguments';
    process.stderr.write(`gpool: ${why}, so there is nothing to run\n`);
    return 0;
  }
  const other = plan.out === undefined ? await findOtherPlace(cwd) : null;
  if (other !== null)
    process.stderr.write(`gpool: batches/ is somebody else's, so this one goes into ${other}/\n`);
  return runPlan(plan, options, cwd);
}

function runPlan(plan: RunPlan, options: RunOptions, cwd: string): Promise<number> {
  const { joblog, detach } = options;
  return showFollowing(options, cwd, plan.hosts, (around) =>
    runBatch({
      ...plan,
      ...toContact(options, around),
      cwd,
      joblog,
      detach,
      onLeftOut: tellLeftOut,
      onLogError: warnOnce(),
    }),
  );
}

/** Throws E_USAGE for a place of ours whose name is not UTF-8. */
function refuseBytes({ out, results, joblog }: RunOptions): void {
  const places = Object.entries({ '--out': out, '--results': results, '--joblog': joblog });
  const [flag, place = ''] = places.find(([, path]) => path !== undefined && holdsBytes(path)) ?? [];
  if (flag !== undefined)
    throw new SpecError('E_USAGE', { what: `${toPlainLine(place)} is not UTF-8`, where: flag });
}

/** What `--dry-run` prints: the scripts as the hosts would get them. */
function printCommands({ specs }: RunPlan): number {
  for (const { commands } of specs) process.stdout.write(bytesOfText(`${commands.join('\n')}\n`));
  return 0;
}

const EXAMPLES = `Examples:
  gpool run --trc {}.gz -- gzip -k {} ::: *.log           on this machine, one job for each core
  gpool run -S 'lab[01-12]' --file sim -- ./sim {} ::: 1 2 3
                                                          on twelve hosts over SSH
  gpool run -S 4/me@gpu1:2222,: --file sim --trc {.}.out -- ./sim {} ::: *.in
                                                          send each input, fetch each result
  gpool run --slf hosts.yaml --file sim -- ./sim {1} {2} ::: 0.1 0.01 ::: 2 4
                                                          every combination, with a common file
  seq 100 | gpool run -S lab01 --tag -- echo job {}       arguments from standard input
  gpool run batch.yaml --dry-run                          the commands of a batch file, none of them run

`;
