import type { Command } from 'commander';
import { findOwnBatch } from '../batch/find-batch.js';
import { giveOrder } from '../batch/give-order.js';
import { addCommonOptions } from './common-options.js';
import { parseWhole } from './parse-whole.js';

/** `gpool cap`: how many jobs a batch runs at once, changed while it runs. */
export function addCapCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('cap')
    .summary('change how many jobs run at once')
    .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
    .argument('<jobs>', 'jobs at once on all hosts together, or none for no limit')
    .addHelpText('before', EXAMPLES);
  addCommonOptions(command).action(async (batch: string, jobs: string) => {
    finish(await cap(batch, jobs));
  });
}

async function cap(batch: string, jobs: string): Promise<number> {
  const maxRunning = jobs === 'none' ? null : parseWhole('the cap', jobs, 1);
  const directory = await findOwnBatch(batch, process.cwd());
  await giveOrder(directory, { kind: 'cap', maxRunning }, {});
  process.stderr.write(
    `gpool: ${maxRunning === null ? 'no limit' : `at most ${maxRunning} ${maxRunning === 1 ? 'job' : 'jobs'}`} at once\n`,
  );
  return 0;
}

const EXAMPLES = `Examples:
  gpool cap latest 4       start no job while four or more run; what runs goes on
  gpool cap latest none    as many as the hosts have slots

`;
