import { z } from 'zod';
import { parseDuration } from './duration.js';
import { parseHaltRule } from './halt-rule.js';
import { fileShape, sweepValueSchema, variablesSchema } from './job-input.js';
import { namedRecord } from './named-record.js';
import { parsedText } from './parsed-text.js';
import { retryShape } from './retry-schema.js';
import { strictObject } from './strict-object.js';
import { parseTimeLimit, parseWarning } from './time-limit.js';

const linesSchema = z.union(
  [z.string(), z.array(z.string())],
  'is not a line of bash or a list of lines; text that begins with a brace needs quotes',
);

const filesSchema = z.array(
  z.union([z.string(), fileShape], 'is not source, source:target or { source, target, share }'),
);

const limitsSchema = strictObject({
  timeout: parsedText(parseTimeLimit, 'is not a span of time').optional(),
  signal: parsedText(parseWarning, 'is not a signal').optional(),
});

const retryDelaySchema = parsedText(parseDuration, 'is not a span of time');
/** Kept as it is written. */
const haltSchema = parsedText((text) => {
  parseHaltRule(text);
  return text;
}, 'is not a halt rule');

const valuesSchema = z.array(sweepValueSchema);
const pointsSchema = z.array(namedRecord(sweepValueSchema));

/** What a job and the whole file may both say; the job's word goes first. */
const common = {
  name: z.string().optional(),
  files: filesSchema.optional(),
  returns: z.array(z.string()).optional(),
  repeat: z.int('is not a whole number').optional(),
  env: variablesSchema.optional(),
  limits: limitsSchema.optional(),
  repeatable: z.boolean().optional(),
  /** Tries in all, as on the command line. */
  retries: z.int('is not a whole number').min(1, 'is less than 1: the first try is one of them').optional(),
  retryOn: retryShape.retryOn,
  neverRetry: retryShape.neverRetry,
  retryDelay: retryDelaySchema.optional(),
};

const work = {
  command: linesSchema.optional(),
  commands: linesSchema.optional(),
  sweep: namedRecord(
    z.union([valuesSchema, namedRecord(valuesSchema)], 'is not a list of values'),
  ).optional(),
  /** Points to leave out: those that have all these values. */
  exclude: pointsSchema.optional(),
  /** Points to add: each has a value for every parameter. */
  include: pointsSchema.optional(),
};

const hostsSchema = z.union(
  [z.string(), z.array(z.string()), strictObject({ file: z.string(), only: z.string().optional() })],
  'is not a host, a list of hosts, or a file',
);

const entryShape = strictObject({ ...common, ...work });
const entrySchema = entryShape.refine(hasOneCommand, 'needs either command or commands');

/** A batch file: one job or sweep at the top, or a list of them under `jobs`. */
export const batchFileSchema = strictObject({
  ...common,
  ...work,
  hosts: hostsSchema.optional(),
  halt: haltSchema.optional(),
  jobs: z.array(entrySchema).optional(),
}).superRefine((file, context) => {
  if (file.jobs === undefined && !hasOneCommand(file)) {
    context.addIssue({ code: 'custom', message: 'the file needs a command, or a list of jobs' });
  }
  const misplaced = Object.keys(work).filter((key) => file.jobs !== undefined && Object.hasOwn(file, key));
  for (const key of misplaced) {
    context.addIssue({
      code: 'custom',
      path: [key],
      message: 'goes into one of the jobs when there is a list of jobs',
    });
  }
});

export type BatchFileContent = z.output<typeof batchFileSchema>;
export type BatchFileEntry = z.output<typeof entryShape>;

function hasOneCommand({
  command,
  commands,
}: {
  readonly command?: unknown;
  readonly commands?: unknown;
}): boolean {
  return (command === undefined) !== (commands === undefined);
}
