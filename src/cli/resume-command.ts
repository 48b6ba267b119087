import type { Command } from 'commander';
import { findOwnBatch } from '../batch/find-batch.js';
import { resumeBatch } from '../batch/resume-batch.js';
import { chooseHosts } from './choose-hosts.js';
import { addHostOptions, type HostOptions, toContact } from './common-options.js';
import { showFollowing } from './follow-hosts.js';
import { addOutputOptions } from './run-options.js';
import { salvage } from './salvage.js';
import { tellChanged, warnOnce } from './show-batch.js';
import { addTailOptions, readTailOptions, type TailOptions } from './tail-options.js';
import type { WatchOptions } from './watch-run.js';

interface ResumeOptions extends HostOptions, WatchOptions, TailOptions {
  readonly salvage: boolean;
  readonly acceptChanged: boolean;
}

/** `gpool resume`: goes on with a batch that was left. */
export function addResumeCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('resume')
    .summary('go on with a batch that was left')
    .option('--salvage', 'go on with what is unharmed of a damaged journal', false)
    .option('--accept-changed', 'waiting jobs take inputs that changed since the batch was made', false)
    .argument('[batch]', 'a batch directory, its name under ./batches, or latest (default: latest)')
    .addHelpText('before', EXAMPLES);
  addOutputOptions(addTailOptions(addHostOptions(command))).action(
    async (batch: string | undefined, options: ResumeOptions) => {
      finish(await resume(batch, options));
    },
  );
}

async function resume(batch: string | undefined, options: ResumeOptions): Promise<number> {
  const cwd = process.cwd();
  const directory = await findOwnBatch(batch, cwd);
  const hosts = await chooseHosts(options);
  const tail = readTailOptions(options);
  if (options.salvage) await salvage(directory, cwd);
  return showFollowing(options, cwd, hosts ?? [], (around) =>
    resumeBatch({
      directory,
      cwd,
      hosts,
      options: tail,
      acceptChanged: options.acceptChanged,
      onChanged: tellChanged,
      onLogError: warnOnce(),
      ...toContact(options, around),
    }),
  );
}

const EXAMPLES = `Examples:
  gpool resume             fetch what ended meanwhile, wait for what runs, start the rest
  gpool resume runs/a      the batch in that directory
  gpool resume --slf hosts.yaml
                           on these hosts from now on
  gpool resume --lost-after 1h
                           run elsewhere what is on a host that is silent for an hour

`;
