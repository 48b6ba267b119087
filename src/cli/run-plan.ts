import { fstatSync } from 'node:fs';
import type { BatchOptions } from '../batch/batch-options.js';
import { SpecError } from '../errors.js';
import { type ArgumentRow, expandArguments } from '../spec/arguments/expand-arguments.js';
import { fillCommand, fillTemplate } from '../spec/arguments/fill-template.js';
import { type ArgumentSource, splitCommandLine } from '../spec/arguments/split-command-line.js';
import type { BatchFile } from '../spec/batch-file.js';
import { Builder } from '../spec/builder.js';
import type { Host } from '../spec/host.js';
import { EMPTY_INVENTORY, type HostDefaults } from '../spec/inventory/inventory.js';
import { parseHosts } from '../spec/inventory/parse-hosts.js';
import { isVariableName, type JobInput } from '../spec/job-input.js';
import type { InputFile, JobSpec, Limits } from '../spec/job-spec.js';
import { findResetNames, isPlaceholderOnly } from '../spec/variable-names.js';
import { adaptFile } from './adapt-file.js';
import { withRoot } from './choose-hosts.js';
import { toConnection } from './common-options.js';
import { hostDefaults } from './host-defaults.js';
import { parseWhole } from './parse-whole.js';
import { planHosts } from './plan-hosts.js';
import { readVariable } from './read-arguments.js';
import { readLimits, readRetryOptions } from './retry-options.js';
import type { RunOptions } from './run-options.js';
import { isBatchFile } from './run-words.js';
import { readTailOptions } from './tail-options.js';

/** What `gpool run` was asked to do, complete and checked as far as this machine can tell. */
export interface RunPlan {
  readonly name: string;
  readonly specs: readonly JobSpec[];
  readonly hosts: readonly Host[];
  readonly options: BatchOptions;
  readonly out: string | undefined;
  /** Places of jobs that are left out, so that the others keep theirs. */
  readonly removed?: readonly string[];
}

/** Reads the words and options of `gpool run`. What the options say goes before what the batch file says. Throws SpecErrors. */
export async function planRun(words: readonly string[], options: RunOptions): Promise<RunPlan> {
  const file = isBatchFile(words) ? await readFile(words[0] ?? '', hostDefaults(options)) : undefined;
  const specs = file
    ? adaptFile(file, options, readCommon(options).env)
    : options.retryFailed
      ? []
      : await makeSpecs(words, options);
  tellPlaceholderOnly(specs);
  return {
    name: options.name ?? file?.name ?? nameAfter(words),
    specs,
    hosts: await planHosts(options, withRoot(file?.hosts ?? thisMachine(options), options)),
    options: { ...(file?.halt !== undefined && { halt: file.halt }), ...toBatchOptions(options) },
    out: options.out ?? options.results,
  };
}

/** Loads what reads YAML only then. */
async function readFile(path: string, defaults: HostDefaults): Promise<BatchFile> {
  const { readBatchFile } = await import('../spec/batch-file.js');
  return readBatchFile(path, defaults);
}

function thisMachine(options: RunOptions): readonly Host[] {
  return parseHosts(':', 'hosts', { ...EMPTY_INVENTORY, defaults: hostDefaults(options) });
}

function toBatchOptions(options: RunOptions): BatchOptions {
  const { maxRunning, placement } = options;
  return {
    ...toConnection(options),
    ...(maxRunning !== undefined && { maxRunning: parseWhole('--max-running', maxRunning, 1) }),
    ...(placement && { placement }),
    ...(options.keepFailed && { keepFailed: true }),
    ...readRetryOptions(options),
    ...readTailOptions(options),
  };
}

async function makeSpecs(words: readonly string[], options: RunOptions): Promise<readonly JobSpec[]> {
  const { command, sources } = splitCommandLine(words);
  const all = [...(options.arg ?? []).map(toFileSource), ...sources];
  const isInput = options.file.some(isStandardInput);
  if (isInput && all.some((source) => source.kind === 'file' && source.path === '-')) throw readTwice();
  const used = all.length === 0 && !isInput && hasPipedInput() ? [toFileSource('-')] : all;
  if (command === '' && used.length === 0) throw noCommand();
  const { colsep, header } = options;
  const rows = await expandArguments(used, { colsep, header: header !== undefined, onShort: warn });
  const common = readCommon(options);
  const builder = new Builder();
  for (const [at, row] of rows.entries()) builder.addJob(makeJob(command, row, at + 1, options, common));
  return builder.makeJobSpecs();
}

function makeJob(
  command: string,
  row: ArgumentRow,
  seq: number,
  options: RunOptions,
  common: Common,
): JobInput {
  const files = [...options.file, ...options.trc.map(() => '{}')];
  const name = row.args.join(' ');
  return {
    ...common,
    commands: [fillCommand(command, row, seq)],
    files: files.map((template) => fillFile(template, row, seq)),
    returns: [...options.return, ...options.trc].map((template) => fillTemplate(template, row, seq)),
    args: row.args,
    values: pickVariables(row.named, common.env),
    ...(PRINTABLE.test(name) && { name }),
  };
}

/** The named columns that can name a variable of a job, and are not given another value by `--env`. */
function pickVariables(
  named: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const usable = ([name]: readonly [string, string]): boolean =>
    isVariableName(name) && !name.startsWith('GPOOL_') && !Object.hasOwn(env, name);
  return Object.fromEntries(Object.entries(named).filter(usable));
}

/** Only what the template itself says separates source and target: a colon in a value is part of a name. */
function fillFile(template: string, row: ArgumentRow, seq: number): string | InputFile {
  const escapeColons = (value: string): string => value.replace(/[\\:]/g, '\\$&');
  const named = Object.fromEntries(
    Object.entries(row.named).map(([name, value]) => [name, escapeColons(value)]),
  );
  return fillTemplate(template, { args: row.args.map(escapeColons), named }, seq);
}

interface Common extends Limits {
  readonly env: Readonly<Record<string, string>>;
}

function readCommon({ env, ...options }: Pick<RunOptions, 'env' | 'timeout' | 'signal'>): Common {
  return {
    env: Object.fromEntries(env.map((name) => [name, needVariable(name)])),
    ...readLimits(options),
  };
}

function needVariable(name: string): string {
  if (findResetNames({ [name]: '' }).length > 0) {
    const next = `Give it another name: export OTHER="$${name}", then --env OTHER.`;
    throw new SpecError('E_USAGE', {
      what: `${name} cannot be set: bash gives it a value of its own`,
      where: '--env',
      next,
    });
  }
  const value = readVariable(name);
  if (value !== undefined) return value;
  throw new SpecError('E_USAGE', {
    what: `there is no variable ${name} here`,
    where: '--env',
    next: `Set and export ${name} first.`,
  });
}

/** Once, and before anything starts. */
function tellPlaceholderOnly(specs: readonly JobSpec[]): void {
  const names = [...new Set(specs.flatMap(({ values }) => Object.keys(values)))].filter(isPlaceholderOnly);
  if (names.length === 0) return;
  const places = names.map((name) => `{${name}}`).join(', ');
  warn(
    `${places}: filled in, but no variable of that name is set for the jobs: it would change how they run`,
  );
}

function warn(message: string): void {
  process.stderr.write(`gpool: ${message}\n`);
}

function toFileSource(path: string): ArgumentSource {
  return { kind: 'file', path, linked: false };
}

/** Whether `--file` names what arguments are read from otherwise. */
function isStandardInput(file: string): boolean {
  return /^\/(dev\/stdin|(dev|proc\/self)\/fd\/0)(:|$)/.test(file);
}

function readTwice(): SpecError {
  const what = 'standard input is both an input file and a list of arguments';
  return new SpecError('E_USAGE', { what, where: '--file', next: 'Give one of them as a file.' });
}

/** A pipe or a file, not a terminal and not /dev/null. */
function hasPipedInput(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket();
  } catch {
    return false;
  }
}

/** The program's name, for want of a better one. */
function nameAfter(words: readonly string[]): string {
  const first = words.find((word) => !word.startsWith('-') && !word.startsWith(':::')) ?? 'run';
  const program = first.trim().split(/\s/)[0]?.split('/').at(-1) ?? '';
  return /^[A-Za-z0-9][\w.-]*$/.test(program) ? program : 'run';
}

function noCommand(): SpecError {
  return new SpecError('E_USAGE', {
    what: 'there is no command',
    where: 'gpool run',
    next: 'Write one after --, e.g. gpool run -S lab01 -- uptime; see `gpool run --help`.',
  });
}

/** Short and printable: then the arguments name the job. */
const PRINTABLE = /^[^\p{C}]{1,60}$/u;
