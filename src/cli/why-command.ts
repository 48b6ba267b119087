import type { Command } from 'commander';
import { explain } from '../batch/explain.js';
import { findBatch } from '../batch/find-batch.js';
import { addCommonOptions, type CommonOptions } from './common-options.js';
import { createPaint, wantsColor } from './paint.js';
import { toPlainLine } from './plain-text.js';
import { sayOwner } from './say-owner.js';

interface WhyOptions extends CommonOptions {
  readonly json: boolean;
}

/** `gpool why`: why a job waits, or why a host has nothing to do. */
export function addWhyCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('why')
    .summary('tell why a job waits, or why a host has nothing to do')
    .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
    .argument('<job|host>', "a job's number or name (id=3, name=3 where that is not clear), or a host's name")
    .option('--json', 'one JSON value', false)
    .addHelpText('before', EXAMPLES);
  addCommonOptions(command).action(async (batch: string, word: string, options: WhyOptions) => {
    finish(await why(batch, word, options));
  });
}

async function why(batch: string, word: string, options: WhyOptions): Promise<number> {
  const directory = await findBatch(batch, process.cwd());
  await sayOwner(directory);
  const answer = await explain(directory, word);
  const paint = createPaint(wantsColor(options.color, process.env, process.stdout.isTTY === true));
  const name = toPlainLine(answer.kind === 'job' ? `job ${answer.job} (${answer.name})` : answer.name);
  const text = `${paint.bold(name)}: ${toPlainLine(answer.what)}\n${toPlainLine(answer.next)}\n`;
  process.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : text);
  return 0;
}

const EXAMPLES = `Examples:
  gpool why latest 7           why job 7 of the newest batch waits
  gpool why latest lab03       why lab03 has nothing to do
  gpool why runs/a 7 --json    as one JSON value, for programs

`;
