import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { readJobLog } from '../batch/job-logs.js';
import { addConnectOptions, type ConnectOptions, toContact } from './common-options.js';
import { OutputSink } from './output-sink.js';
import { OutputText } from './output-text.js';

interface LogsOptions extends ConnectOptions {
  readonly stderr: boolean;
  readonly follow: boolean;
}

/** `gpool logs`: what a job wrote, also while it runs. */
export function addLogsCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('logs')
    .summary('print what a job wrote, also while it runs')
    .argument('<batch>', 'a batch directory, its name under ./batches, or latest')
    .argument('<job>', "a job's number or name; id=3, name=3 where that is not clear")
    .option('--stderr', 'its stderr instead of its stdout', false)
    .option('-f, --follow', 'go on until the job has ended', false)
    .addHelpText('before', EXAMPLES);
  addConnectOptions(command).action(async (batch: string, job: string, options: LogsOptions) => {
    finish(await printLog(batch, job, options));
  });
}

async function printLog(batch: string, job: string, options: LogsOptions): Promise<number> {
  const sink = new OutputSink(process.stdout);
  const text = new OutputText({ tag: '', plain: process.stdout.isTTY === true });
  const stream = options.stderr ? 'stderr' : 'stdout';
  const pause = async (): Promise<void> => void (await sleep(LOOK_MS));
  const request = { batch, job, stream, follow: options.follow, cwd: process.cwd(), pause } as const;
  for await (const chunk of readJobLog({ ...request, ...toContact(options) })) {
    if (sink.closed) break;
    await sink.write(text.push(chunk));
  }
  await sink.write(text.end());
  return 0;
}

const LOOK_MS = 500;

const EXAMPLES = `Examples:
  gpool logs latest 7                what job 7 of the newest batch wrote
  gpool logs latest 7 --stderr       its error messages
  gpool logs runs/a train#2 -f       a job by its name, while it runs

`;
