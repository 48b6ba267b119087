import type { Command } from 'commander';
import { AttachedBatch } from '../batch/attached-batch.js';
import { describeBatch } from '../batch/batch-status.js';
import { batchExitCode } from '../batch/exit-code.js';
import { findOwnBatch } from '../batch/find-batch.js';
import { type LoadedBatch, loadBatch } from '../batch/load-batch.js';
import { resumeBatch } from '../batch/resume-batch.js';
import { addConnectOptions, type ConnectOptions, toContact } from './common-options.js';
import { addOutputOptions } from './run-options.js';
import { describePlace, showBatch, warnOnce } from './show-batch.js';
import { type Steering, type WatchOptions, watchRun } from './watch-run.js';

type AttachOptions = ConnectOptions & WatchOptions;

/** `gpool attach`: watches a batch from any terminal. */
export function addAttachCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('attach')
    .summary('watch a batch that runs, from any terminal')
    .argument('[batch]', 'a batch directory, its name under ./batches, or latest (default: latest)')
    .addHelpText('before', EXAMPLES);
  addOutputOptions(addConnectOptions(command)).action(
    async (batch: string | undefined, options: AttachOptions) => {
      finish(await attach(batch, options));
    },
  );
}

/** To its controller; a batch that nobody runs is gone on with, as `resume` does. */
async function attach(batch: string | undefined, options: AttachOptions): Promise<number> {
  const cwd = process.cwd();
  const loaded = await loadBatch(await findOwnBatch(batch, cwd));
  const place = describePlace({ directory: loaded.directory.path }, cwd);
  const attached = await AttachedBatch.attach(loaded);
  if (attached) return watch(attached, options, place);
  if (loaded.state.ended) return tellEnded(loaded, place);
  process.stderr.write('gpool: nobody runs this batch now, so that it is gone on with here\n');
  const { directory } = loaded;
  return showBatch(options, cwd, (around) =>
    resumeBatch({ directory, cwd, onLogError: warnOnce(), ...toContact(options, around) }),
  );
}

async function watch(batch: AttachedBatch, options: AttachOptions, place: string): Promise<number> {
  const { end, signal } = await watchRun(batch, steerAttached(batch, place), options, place, () => {});
  const { counts, kind } = end.summary;
  return batchExitCode({ counts, noHost: kind === 'no-host', halted: kind === 'halted', signal });
}

function tellEnded(loaded: LoadedBatch, place: string): number {
  const { counts } = describeBatch(loaded);
  const numbers = `${counts.done} done, ${counts.error} failed`;
  process.stderr.write(`gpool: the batch has ended: ${numbers}; see \`gpool status ${place}\`\n`);
  return batchExitCode({ counts, noHost: false, halted: false, signal: null });
}

/** An interrupt ends the watching, never the batch. */
function steerAttached(batch: AttachedBatch, place: string): Steering {
  return {
    first: () => batch.leave(),
    second: () => Promise.resolve(),
    farewell: () =>
      batch.left
        ? `gpool: the batch goes on; \`gpool attach ${place}\` watches it again, \`gpool cancel ${place}\` ends it\n`
        : null,
  };
}

const EXAMPLES = `Examples:
  gpool attach                   watch the newest batch; Ctrl-C ends the watching, not the batch
  gpool attach runs/a --tag      and print what its jobs write, each line with its arguments

`;
