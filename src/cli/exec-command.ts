import type { Command } from 'commander';
import { type ExecGroup, execOnHosts, groupResults } from '../batch/exec-on-hosts.js';
import { SpecError } from '../errors.js';
import type { Host } from '../spec/host.js';
import { foldHosts } from '../spec/inventory/fold-hosts.js';
import { chooseHosts } from './choose-hosts.js';
import { addHostOptions, type HostOptions, toConnection, toContact } from './common-options.js';
import { formatFault } from './error-text.js';
import { OutputSink } from './output-sink.js';
import { OutputText } from './output-text.js';
import { createPaint, type Paint, wantsColor } from './paint.js';
import { refuseNumber } from './run-words.js';

interface ExecOptions extends HostOptions {
  readonly json: boolean;
}

/** `gpool exec`: one command on all hosts at once. */
export function addExecCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('exec')
    .summary('run one command on all hosts at once')
    .usage('-S HOSTS [options] [--] COMMAND')
    .argument('[words...]', 'a bash command; several words are joined by blanks')
    .passThroughOptions()
    .option('--json', 'one JSON value', false)
    .addHelpText('before', EXAMPLES);
  addHostOptions(command).action(async (words: string[], options: ExecOptions) => {
    refuseNumber(words, 'gpool exec');
    finish(await exec(words.join(' '), options));
  });
}

async function exec(command: string, options: ExecOptions): Promise<number> {
  if (command.trim() === '')
    throw missing('there is no command', 'Write one after --, e.g. gpool exec -S lab01 -- uptime.');
  const hosts = await needHosts(options);
  const results = await execOnHosts(hosts, command, toConnection(options), toContact(options));
  const faults = results.flatMap((result) => ('fault' in result ? [result.fault] : []));
  const groups = groupResults(results);
  if (options.json) {
    const entries = groups.map(({ stdout, stderr, ...group }) => ({
      ...group,
      stdout: `${stdout}`,
      stderr: `${stderr}`,
    }));
    process.stdout.write(`${JSON.stringify({ schema: 1, groups: entries, faults })}\n`);
  } else {
    await printGroups(groups, hosts.length > 1, options);
    for (const fault of faults) process.stderr.write(`${formatFault(fault)}\n`);
  }
  if (faults.length === hosts.length) return 4;
  return faults.length > 0 || groups.some(({ code }) => code !== 0) ? 1 : 0;
}

/** The hosts of a verb that cannot do without. Throws E_NO_HOST. */
export async function needHosts(options: HostOptions): Promise<readonly Host[]> {
  const hosts = await chooseHosts(options);
  if (hosts && hosts.length > 0) return hosts;
  throw new SpecError('E_NO_HOST', { what: 'no host is named', where: '-S' });
}

async function printGroups(
  groups: readonly ExecGroup[],
  headed: boolean,
  { color }: ExecOptions,
): Promise<void> {
  const paint = createPaint(wantsColor(color, process.env, process.stdout.isTTY === true));
  const sinks = { stdout: new OutputSink(process.stdout), stderr: new OutputSink(process.stderr) };
  for (const group of groups) {
    if (headed || group.code !== 0) await sinks.stdout.write(`${formatHead(group, paint)}\n`);
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = new OutputText({ tag: '', plain: process[stream].isTTY === true });
      await sinks[stream].write(Buffer.concat([text.push(group[stream]), text.end()]));
    }
  }
}

function formatHead({ hosts, code, signal }: ExecGroup, paint: Paint): string {
  const count = hosts.length > 1 ? paint.dim(` (${hosts.length})`) : '';
  const trouble = signal !== null ? `  signal ${signal}` : code !== 0 ? `  exit code ${code}` : '';
  return `${paint.dim('──')} ${paint.bold(foldHosts(hosts))}${count}${paint.red(trouble)}`;
}

function missing(what: string, next: string): SpecError {
  return new SpecError('E_USAGE', { what, where: 'gpool exec', next });
}

const EXAMPLES = `Examples:
  gpool exec -S 'lab[01-12]' -- uptime            equal output is shown once, with its hosts
  gpool exec -S 'lab[01-12]' -- 'nvidia-smi -L | wc -l'
  gpool exec --slf hosts.yaml -S @gpu -- df -h /scratch

`;
