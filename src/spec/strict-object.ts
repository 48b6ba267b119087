import { z } from 'zod';
import { nearestWord } from './nearest-word.js';

/** A zod object that refuses unknown keys and says which known one was probably meant. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys.map((key) => describeKey(key, known)).join(', ')}`
        : undefined,
  });
}

function describeKey(key: string, known: readonly string[]): string {
  const meant = nearestWord(key, known);
  return meant ? `\`${key}\` (did you mean \`${meant}\`?)` : `\`${key}\` (known: ${known.join(', ')})`;
}
