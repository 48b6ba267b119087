import type { Command } from 'commander';
import { cancelBatch } from '../batch/cancel-batch.js';
import { findBatch } from '../batch/find-batch.js';
import { loadBatch } from '../batch/load-batch.js';
import { addConnectOptions, type ConnectOptions, toContact } from './common-options.js';
import { formatFault } from './error-text.js';

/** `gpool cancel`: ends the jobs of a batch that was left. */
export function addCancelCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('cancel')
    .summary('end the jobs of a batch on their hosts')
    .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
    .addHelpText('before', EXAMPLES);
  addConnectOptions(command).action(async (batch: string, options: ConnectOptions) => {
    finish(await cancel(batch, options));
  });
}

async function cancel(batch: string, options: ConnectOptions): Promise<number> {
  const loaded = await loadBatch(await findBatch(batch, process.cwd()));
  const { jobs, faults } = await cancelBatch(loaded, toContact(options));
  for (const fault of faults) process.stderr.write(`${formatFault(fault)}\n`);
  process.stderr.write(`gpool: ${jobs.length} ${jobs.length === 1 ? 'job was' : 'jobs were'} told to end\n`);
  return faults.length > 0 ? 6 : 0;
}

const EXAMPLES = `Examples:
  gpool cancel latest      end what still runs of the newest batch

`;
