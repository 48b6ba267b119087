import { z } from 'zod';
import { findCauseProblem, RETRY_WORDS } from './retry-rules.js';

const causesSchema = z.array(
  z
    .union([z.number(), z.enum(RETRY_WORDS)], `is no exit code, nor one of ${RETRY_WORDS.join(', ')}`)
    .superRefine((cause, context) => {
      const message = findCauseProblem(cause);
      if (message !== null) context.addIssue({ code: 'custom', message });
    }),
  'is not a list of exit codes and words',
);

const retriesSchema = z.int('is not a whole number').min(0, 'is negative');

/** The rules about retries that a job may have of its own. */
export const retryShape = {
  retries: retriesSchema.optional(),
  retryOn: causesSchema.optional(),
  neverRetry: causesSchema.optional(),
  retryDelaySecs: z.number('is not a number of seconds').min(0, 'is negative').optional(),
};
