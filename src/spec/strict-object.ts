import { z } from 'zod';
import { nearestWord } from './nearest-word.js';

/** A zod object that refuses unknown keys and says which known one was probably meant; one line of message for each. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => describeKey(key, known)).join('\n')
        : undefined,
  });
}

function describeKey(key: string, known: readonly string[]): string {
  const meant = nearestWord(key, known);
  const hint = meant ? `did you mean \`${meant}\`?` : `known: ${known.join(', ')}`;
  return `unknown key \`${key}\` (${hint})`;
}
