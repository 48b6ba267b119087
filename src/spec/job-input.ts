import { z } from 'zod';
import {
  escapeColons,
  findFileProblems,
  findReturnProblems,
  parseInputFile,
  parseReturnFile,
} from './files.js';
import type { InputFile, Limits, ReturnFile, SweepValue } from './job-spec.js';
import { namedRecord } from './named-record.js';
import type { RetryRules } from './retry-rules.js';
import { retryShape } from './retry-schema.js';
import { strictObject } from './strict-object.js';
import { findLimitProblem, findWarningProblem, MOST_LIMIT_SECS } from './time-limit.js';
import { findResetNames, findVariableProblems } from './variable-names.js';
import { HALF, isWhole } from './whole-text.js';

/** What may also be given as undefined, which is the same as leaving it out. */
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** An input as people may write it; without a target it keeps its name. */
export interface FileInput extends Omit<InputFile, 'target' | 'share'> {
  readonly target?: string | undefined;
  readonly share?: boolean | undefined;
}

/** A job as people write it. Everything but `commands` may be left out. */
export interface JobInput extends Loose<RetryRules> {
  /** Lines of one bash script. */
  readonly commands: string | readonly string[];
  /** Files and directories the job needs: `source`, `source:target`, or the two apart. */
  readonly files?: readonly (string | FileInput)[] | undefined;
  /** What the job leaves behind: paths or bash patterns, optional with a trailing `?`. */
  readonly returns?: readonly (string | ReturnFile)[] | undefined;
  /** For people; made unique when another job has it. @default 'job', or the values of a sweep */
  readonly name?: string | undefined;
  /** How many equal jobs to make; they differ in GPOOL_REPEAT. @default Builder.setRepeat */
  readonly repeat?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whole wall-clock seconds that one attempt may take. @default no limit */
  readonly timeoutSecs?: number | undefined;
  /** The same in percent, above 100, of the median run time of the batch's jobs that succeeded. @default no limit */
  readonly timeoutPercent?: number | undefined;
  /** The signal (`USR1`) that the job gets so many seconds before its time limit, to save its work. @default none */
  readonly warn?: Limits['warn'] | undefined;
  /** Whether the job may be started again when it is unclear if it ran. @default true */
  readonly repeatable?: boolean | undefined;
  /** Parameters, exported to the job under their own names. */
  readonly values?: Readonly<Record<string, SweepValue>> | undefined;
  /** Command line arguments the commands were filled with; shown beside the job's output. */
  readonly args?: readonly string[] | undefined;
}

/** Without a target it goes where the text form would put it. */
export function toInputFile(file: string | FileInput): InputFile {
  if (typeof file === 'string') return parseInputFile(file);
  const { source, target, share } = file;
  const plain = target === undefined ? parseInputFile(escapeColons(source)) : { source, target };
  return share ? { ...plain, share } : plain;
}

/** A job input that was checked, in one shape. */
export type CheckedInput = z.output<typeof jobInputSchema>;

/** An input in its long form. */
export const fileShape = strictObject({
  source: z.string(),
  target: z.string().optional(),
  share: z.boolean().optional(),
});

const text = z
  .string('is not a text')
  .refine(hasNoNul, 'contains NUL, which no command or name can carry')
  .refine(isWhole, HALF);

export const sweepValueSchema = z
  .union([z.string(), z.number(), z.boolean()], 'is not a text, a number, true or false')
  .refine((value) => hasNoNul(String(value)), 'contains NUL')
  .refine((value) => isWhole(String(value)), HALF);

const inputFileSchema = fileShape.transform(toInputFile);

const filesSchema = z
  .array(
    z.union(
      [z.string().transform(parseInputFile), inputFileSchema],
      'is not source, source:target or { source, target, share }',
    ),
    'is not a list',
  )
  .superRefine((files, context) => tell(findFileProblems(files), context));

const returnsSchema = z
  .array(
    z.union(
      [z.string().transform(parseReturnFile), strictObject({ pattern: z.string(), optional: z.boolean() })],
      'is not a path or pattern',
    ),
    'is not a list',
  )
  .superRefine((returns, context) => tell(findReturnProblems(returns), context));

const commandsSchema = z
  .union(
    [z.string().transform((line) => [line]), z.array(z.string())],
    'is not a line of bash or a list of lines',
  )
  .refine((lines) => lines.some((line) => line.trim() !== ''), 'has no command')
  .refine((lines) => lines.every(hasNoNul), 'contains NUL, which bash cannot read')
  .refine((lines) => lines.every(isWhole), HALF);

/** The names in `record` become environment variables, so they are held to what a shell takes. */
function variables<Value extends z.ZodType>(value: Value) {
  return namedRecord(value).superRefine((record, context) => tell(findNameProblems(record), context));
}

/** Environment variables of a job or a host; numbers as YAML has them become text. */
export const variablesSchema = variables(sweepValueSchema.transform(String)).superRefine((record, context) =>
  tell(
    findResetNames(record).map((name) => `${name} cannot be set: bash gives it a value of its own`),
    context,
  ),
);

/** A job's input, checked: every problem is found at once. */
export const jobInputSchema = strictObject({
  commands: commandsSchema,
  files: filesSchema.optional(),
  returns: returnsSchema.optional(),
  name: text.refine(isPrintable, 'is empty or has control characters').optional(),
  repeat: z.int('is not a whole number').min(0, 'is negative').optional(),
  env: variablesSchema.optional(),
  repeatable: z.boolean().optional(),
  timeoutSecs: z
    .int('is not a whole number of seconds')
    .min(1, 'is less than 1 second')
    .max(MOST_LIMIT_SECS, `is more than ${MOST_LIMIT_SECS} seconds, the most that a host takes`)
    .optional(),
  timeoutPercent: z.number('is not a percentage').gt(100, 'is not above 100 percent').optional(),
  warn: strictObject({ signal: z.string(), secs: z.int('is not a whole number of seconds') }).optional(),
  ...retryShape,
  values: variables(sweepValueSchema).optional(),
  args: z.array(text).optional(),
}).superRefine(({ env = {}, values = {}, ...limits }, context) => {
  const both = Object.keys(values).filter((name) => Object.hasOwn(env, name));
  tell(
    both.map((name) => `${name} is both a value and in env`),
    context,
  );
  const problem = (limits.warn && findWarningProblem(limits.warn)) ?? findLimitProblem(toLimits(limits));
  if (problem) tell([problem], context);
});

/** What of an input is a limit. */
export function toLimits({ timeoutSecs, timeoutPercent, warn }: Pick<JobInput, keyof Limits>): Limits {
  return {
    ...(timeoutSecs !== undefined && { timeoutSecs }),
    ...(timeoutPercent !== undefined && { timeoutPercent }),
    ...(warn && { warn }),
  };
}

/** What of an input is a rule about retries; undefined when there is none. */
export function toRetryRules(input: Loose<RetryRules>): RetryRules | undefined {
  const { retries, retryOn, neverRetry, retryDelaySecs } = input;
  const rules = Object.entries({ retries, retryOn, neverRetry, retryDelaySecs });
  const given = rules.filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Whether a text can name an environment variable of a job. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== '__proto__';
}

function findNameProblems(record: Readonly<Record<string, unknown>>): string[] {
  const problems = Object.keys(record).flatMap((name) => {
    if (!isVariableName(name)) return [`${JSON.stringify(name)} cannot name a shell variable`];
    return name.startsWith('GPOOL_') ? [`${name}: names with GPOOL_ are gpool's own`] : [];
  });
  return [...problems, ...findVariableProblems(record)];
}

function hasNoNul(value: string): boolean {
  return !value.includes('\0');
}

/** Whether a text can stand in a line for people. */
export function isPrintable(name: string): boolean {
  return name.trim() !== '' && !/\p{Cc}/u.test(name);
}

function tell(problems: readonly string[], context: z.RefinementCtx): void {
  for (const message of problems) context.addIssue({ code: 'custom', message });
}
