import { SpecError } from '../../errors.js';

/** Where arguments come from: words of the command line, or the lines of a file (`-` is standard input). */
export type ArgumentSource = {
  /** Goes in step with the source before it, instead of being combined with it. */
  readonly linked: boolean;
} & (
  | { readonly kind: 'values'; readonly values: readonly string[] }
  | { readonly kind: 'file'; readonly path: string }
);

export interface CommandLine {
  /** Bash; the words before the first source, joined by blanks as GNU parallel does. */
  readonly command: string;
  readonly sources: readonly ArgumentSource[];
}

/** Splits what follows the options of `gpool run`: `[--] COMMAND… ::: a b :::+ 1 2 :::: FILE…`. Throws E_USAGE. */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const words = argv[0] === '--' ? argv.slice(1) : argv;
  const groups = groupAtMarks(words);
  const [{ members: command = [] } = {}, ...rest] = groups;
  if (rest[0]?.mark.endsWith('+')) refuse(rest[0].mark, 'there is no source before it to go in step with');
  return { command: command.join(' '), sources: rest.flatMap(toSources) };
}

interface Group {
  readonly mark: string;
  readonly members: string[];
}

function groupAtMarks(words: readonly string[]): Group[] {
  const groups: Group[] = [{ mark: '', members: [] }];
  for (const word of words) {
    if (/^:::(:?)\+?$/.test(word)) groups.push({ mark: word, members: [] });
    else groups.at(-1)?.members.push(word);
  }
  return groups;
}

function toSources({ mark, members }: Group): ArgumentSource[] {
  const linked = mark.endsWith('+');
  if (!mark.startsWith('::::')) return [{ kind: 'values', values: members, linked }];
  if (members.length === 0) refuse(mark, 'no file follows it');
  return members.map((path) => ({ kind: 'file', path, linked }));
}

function refuse(where: string, what: string): never {
  throw new SpecError('E_USAGE', { what, where });
}
