import { z } from 'zod';
import { SpecError } from '../errors.js';

/** A text, or a number as YAML reads one, that `parse` makes something of; what it throws becomes a finding. */
export function parsedText<T>(parse: (text: string) => T, wrongKind: string) {
  return z.union([z.number(), z.string()], wrongKind).transform((value, context) => {
    try {
      return parse(String(value));
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      context.addIssue({ code: 'custom', message: `${error.where} ${error.what}. ${error.next}` });
      return z.NEVER;
    }
  });
}
