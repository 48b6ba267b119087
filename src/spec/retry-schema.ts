import { z } from 'zod';
import { findCauseProblem, type RetryCause } from './retry-rules.js';

const causeSchema = z.custom<RetryCause>((cause) => findCauseProblem(cause) === null, {
  error: ({ input }) => findCauseProblem(input) ?? undefined,
});

const causesSchema = z.array(causeSchema, 'is not a list of exit codes and words');

const retriesSchema = z.int('is not a whole number').min(0, 'is negative');

/** The rules about retries that a job may have of its own. */
export const retryShape = {
  retries: retriesSchema.optional(),
  retryOn: causesSchema.optional(),
  neverRetry: causesSchema.optional(),
  retryDelaySecs: z.number('is not a number of seconds').min(0, 'is negative').optional(),
};
