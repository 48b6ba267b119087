import type { z } from 'zod';

/** One finding of zod, with the whole path to it. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The unknown key that it is about, if it is. */
  readonly key?: string;
}

/** What zod found, with the findings of the branch that was meant where a union did not fit. */
export function flattenIssue(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): Finding[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((branch) => branch.every((inner) => !isWrongKind(inner)));
    if (meant) return meant.flatMap((inner) => flattenIssue(inner, path));
  }
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, at) => ({ path, key, message: messages[at] ?? issue.message }));
  }
  return [{ path, message: describeMessage(issue) }];
}

/** `commands: has no command`. */
export function describeFinding({ path, message }: Finding): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
}

function describeMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  return issue.message.endsWith('received undefined')
    ? 'is missing'
    : `is not a ${KINDS[issue.expected] ?? issue.expected}`;
}

/** What people call the types of a YAML or JSON value. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text (put it in quotes)',
  boolean: 'choice of true or false',
  array: 'list',
  object: 'map of names to values',
  record: 'map of names to values',
};

function isWrongKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_union');
}
