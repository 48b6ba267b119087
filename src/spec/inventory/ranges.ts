import { SpecError } from '../../errors.js';

/**
 * Expands `node[01-16]` and `n[1-3,7]-[a,b]` in order, the last bracket fastest; zeros in front are kept. Brackets around an IPv6
 * address stay. Throws E_HOST_SYNTAX, placed at `where`.
 */
export function expandRanges(pattern: string, where: string): string[] {
  const refuse: Refuse = (what) => {
    throw new SpecError('E_HOST_SYNTAX', { what: `${JSON.stringify(pattern)} ${what}`, where });
  };
  return splitBrackets(pattern, refuse)
    .map((part) => (isRange(part) ? expandBracket(part, refuse) : [part]))
    .reduce<string[]>((heads, tails) => join(heads, tails, refuse), ['']);
}

type Refuse = (what: string) => never;

/** More hosts than any pool has: a slip of the finger. */
const MOST_HOSTS = 100_000;

function splitBrackets(pattern: string, refuse: Refuse): string[] {
  const parts = pattern.split(/(\[[^[\]]*\])/).filter((part) => part !== '');
  const stray = parts.some((part) => !isBracket(part) && /[[\]]/.test(part));
  if (stray) refuse('has a bracket without its partner');
  return parts;
}

function expandBracket(bracket: string, refuse: Refuse): string[] {
  return bracket
    .slice(1, -1)
    .split(',')
    .flatMap((item) => expandItem(item, refuse));
}

function expandItem(item: string, refuse: Refuse): string[] {
  if (/^[\p{L}\p{N}_.]+$/u.test(item)) return [item];
  const [, from = '', to = ''] = /^(\d{1,15})-(\d{1,15})$/.exec(item) ?? [];
  if (from === '') refuse(`has a range that is not like [01-16] or [1-3,7]: ${JSON.stringify(item)}`);
  const count = Number(to) - Number(from) + 1;
  if (count < 1) refuse(`has a range that runs backwards: ${item}`);
  if (count > MOST_HOSTS) refuse(`names more than ${MOST_HOSTS} hosts`);
  const width = from.startsWith('0') ? from.length : 1;
  return Array.from({ length: count }, (_, at) => String(Number(from) + at).padStart(width, '0'));
}

function join(heads: readonly string[], tails: readonly string[], refuse: Refuse): string[] {
  if (heads.length * tails.length > MOST_HOSTS) refuse(`names more than ${MOST_HOSTS} hosts`);
  return heads.flatMap((head) => tails.map((tail) => head + tail));
}

function isBracket(part: string): boolean {
  return part.startsWith('[') && part.endsWith(']');
}

function isRange(part: string): boolean {
  return isBracket(part) && !part.includes(':');
}
