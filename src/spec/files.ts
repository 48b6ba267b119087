import path from 'node:path/posix';
import { holdsBytes } from '../bytes.js';
import type { InputFile, ReturnFile } from './job-spec.js';
import { HALF, isWhole } from './whole-text.js';

/**
 * Reads `source` or `source:target`. A colon in a name is written `\:` and a backslash before a colon `\\`. Without a target a
 * relative source keeps its path, and one that is absolute or goes up keeps its last name. `dir/` is the whole tree.
 * The answer is not checked yet: see `findFileProblems`.
 */
export function parseInputFile(text: string): InputFile {
  const [source = '', ...targets] = splitAtColons(text);
  if (targets.length === 0) return { source, target: defaultTarget(source) };
  return { source, target: tidy(targets.join(':')) };
}

/** A source as `parseInputFile` reads it. */
export function escapeColons(source: string): string {
  return source.replace(/[\\:]/g, '\\$&');
}

/** Reads a return: a path or bash pattern; a trailing `?` makes it optional (`[?]` is a literal one). */
export function parseReturnFile(text: string): ReturnFile {
  const optional = text.endsWith('?');
  const pattern = optional ? text.slice(0, -1) : text;
  return { pattern: pattern.replace(/^(\.\/+)+/, ''), optional };
}

/** What is wrong with a job's input files: empty or unsafe names, one place used twice. */
export function findFileProblems(files: readonly InputFile[]): string[] {
  const problems = files.flatMap(({ source, target }) => [
    ...(source === '' ? ['an input file has an empty name'] : []),
    ...(source.includes('\0') ? [`input ${JSON.stringify(source)} contains NUL`] : []),
    ...(isWhole(source) && isWhole(target) ? [] : [`input ${JSON.stringify(source)} ${HALF}`]),
    ...describeUnsafe(target, 'the target'),
  ]);
  return [...problems, ...findClashes(files)];
}

/** What is wrong with a job's returns. */
export function findReturnProblems(returns: readonly ReturnFile[]): string[] {
  return returns.flatMap(({ pattern }) => [
    ...describeUnsafe(pattern, 'the return'),
    ...(holdsBytes(pattern)
      ? [`the return ${JSON.stringify(pattern)} is not UTF-8; return it under another name`]
      : []),
  ]);
}

function splitAtColons(text: string): string[] {
  const parts = [''];
  for (const [token] of text.matchAll(/\\[\\:]|[\s\S]/g)) {
    if (token === ':') parts.push('');
    else parts[parts.length - 1] += token.length === 2 && /\\[\\:]/.test(token) ? token.slice(1) : token;
  }
  return parts;
}

function defaultTarget(source: string): string {
  const plain = tidy(source);
  return plain.startsWith('/') || plain.split('/').includes('..') ? path.basename(plain) : plain;
}

function tidy(name: string): string {
  return name === '' ? '' : path.normalize(name).replace(/(?<=.)\/+$/, '');
}

function describeUnsafe(name: string, what: string): string[] {
  const shown = JSON.stringify(name);
  if (name === '' || name === '.') return [`${what} is empty or the working directory itself`];
  if (name.startsWith('/')) return [`${what} ${shown} is absolute; it must lie inside the working directory`];
  if (name.split('/').includes('..')) return [`${what} ${shown} leaves the working directory`];
  return name.includes('\0') ? [`${what} ${shown} contains NUL`] : [];
}

function findClashes(files: readonly InputFile[]): string[] {
  const sources = new Map<string, string>();
  const problems: string[] = [];
  for (const { source, target } of files) {
    const other = sources.get(target);
    if (other !== undefined)
      problems.push(`${other} and ${source} both go to ${target}; rename one as source:target`);
    else sources.set(target, source);
  }
  for (const target of sources.keys()) {
    const above = parents(target).find((parent) => sources.has(parent));
    if (above !== undefined)
      problems.push(`${target} would lie inside ${above}, which is an input of its own`);
  }
  return problems;
}

function parents(target: string): string[] {
  const parts = target.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}
