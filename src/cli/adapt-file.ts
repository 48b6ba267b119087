import { SpecError } from '../errors.js';
import type { BatchFile } from '../spec/batch-file.js';
import { findFileProblems, findReturnProblems, parseInputFile, parseReturnFile } from '../spec/files.js';
import type { JobSpec } from '../spec/job-spec.js';
import { adaptLimits } from './retry-options.js';
import type { RunOptions } from './run-options.js';

/**
 * The jobs of a batch file as the options want them: `--file` and `--return` go to every job besides its own, `--env` and limits go
 * before what it says. Throws a SpecError (E_USAGE) for an option that means nothing there.
 */
export function adaptFile(
  { specs }: BatchFile,
  options: RunOptions,
  env: Readonly<Record<string, string>>,
): readonly JobSpec[] {
  const refused = REFUSED.find(([option]) => isGiven(options[option]));
  if (refused) throw beside(refused[1], 'means nothing beside a batch file', refused[2]);
  for (const [flag, text] of [
    ...options.file.map((text) => ['--file', text] as const),
    ...options.return.map((text) => ['--return', text] as const),
  ]) {
    if (/\{[\w#%./-]*\}/.test(text))
      throw beside(flag, `${text} has a replacement string, and a batch file has no arguments`, IN_FILE);
  }
  return specs.map((spec) => adaptSpec(spec, options, env));
}

function adaptSpec(spec: JobSpec, options: RunOptions, env: Readonly<Record<string, string>>): JobSpec {
  const files = [...spec.files, ...options.file.map(parseInputFile)];
  const returns = [...spec.returns, ...options.return.map(parseReturnFile)];
  const both = Object.keys(env).filter((name) => Object.hasOwn(spec.values, name));
  const [what] = [
    ...findFileProblems(files).map((problem) => `--file: ${problem}`),
    ...findReturnProblems(returns).map((problem) => `--return: ${problem}`),
    ...both.map((name) => `--env ${name}: the job has a value of this name`),
  ];
  if (what !== undefined) throw new SpecError('E_USAGE', { what, where: `job ${spec.name}` });
  return { ...adaptLimits(spec, options), files, returns, env: { ...spec.env, ...env } };
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function beside(where: string, what: string, next: string): SpecError {
  return new SpecError('E_USAGE', { what, where, next });
}

const IN_FILE = 'Say it in the file, where {name} stands for a value of its sweep.';

const REFUSED: readonly (readonly [option: keyof RunOptions, flag: string, next: string])[] = [
  ['arg', '-a', 'Values of a batch file are its `sweep`; or give a command with -a in place of the file.'],
  ['header', '--header', 'Only arguments of a command have columns.'],
  ['colsep', '--colsep', 'Only arguments of a command have columns.'],
  ['trc', '--trc', 'Use --file and --return, or `files` and `returns` in the file.'],
  ['retryFailed', '--retry-failed', 'Use --resume-failed: it runs what failed as the file has it.'],
];
