import { posix } from 'node:path';
import { SpecError } from '../../errors.js';
import { quote } from '../quote.js';
import type { ArgumentRow } from './expand-arguments.js';

/**
 * The command of one job: its replacement strings filled, each value quoted so that bash sees it unchanged as one
 * word. Without any replacement string the arguments follow the command; without a command they are the command.
 * Where there are no arguments at all, only `{#}` and `{%}` are filled. `seq` is the
 * job's number from 1. Throws E_PLACEHOLDER.
 */
export function fillCommand(command: string, row: ArgumentRow, seq: number): string {
  if (command === '') return row.args.join(' ');
  const { text, filled } = fill(command, row, { seq, slot: '$GPOOL_SLOT', show: quote });
  return filled || row.args.length === 0 ? text : `${text} ${row.args.map(quote).join(' ')}`;
}

/**
 * A text that is not a command (a file name, a tag) with its replacement strings filled, values as they are.
 * `{%}` is refused: the slot is known on the host only. Throws E_PLACEHOLDER.
 */
export function fillTemplate(template: string, row: ArgumentRow, seq: number): string {
  return fill(template, row, { seq, slot: undefined, show: (value) => value }).text;
}

interface Filling {
  readonly seq: number;
  readonly slot: string | undefined;
  readonly show: (value: string) => string;
}

function fill(template: string, row: ArgumentRow, filling: Filling): { text: string; filled: boolean } {
  if (/\{=.*=\}/s.test(template))
    refuse(
      template,
      'Perl expressions {= =} are not supported',
      'Compute the value in the command, in bash.',
    );
  let filled = false;
  const text = template.replace(
    REPLACEMENT,
    (whole: string, literal: string | undefined, inner: string | undefined) => {
      if (literal !== undefined) return Object.keys(row.named).length > 0 ? `{${literal}}` : whole;
      const value = replace(inner ?? '', row, filling, template);
      filled ||= value !== undefined;
      return value ?? whole;
    },
  );
  return { text, filled };
}

/** What stands for the text between two braces; undefined when that is none of ours. */
function replace(
  inner: string,
  row: ArgumentRow,
  { seq, slot, show }: Filling,
  template: string,
): string | undefined {
  if (inner === '#') return String(seq);
  if (inner === '%')
    return slot ?? refuse(template, '{%} is known on the host only', 'Use {#}, the number of the job.');
  if (Object.hasOwn(row.named, inner)) return show(row.named[inner] ?? '');
  if (row.args.length === 0) return undefined;
  const [, base = '', part = ''] = PARTS.exec(inner) ?? [];
  const cut = CUTS[part] ?? ((value: string) => value);
  if (base === '') return part === inner ? row.args.map((value) => show(cut(value))).join(' ') : undefined;
  if (/^-?[1-9]\d*$/.test(base)) return showAt(row.args, Number(base), (value) => show(cut(value)));
  if (Object.hasOwn(row.named, base)) return show(cut(row.named[base] ?? ''));
  return refuseUnknown(inner, row, template);
}

/** The n-th argument, from the end when negative. One that is not there is nothing at all, as with GNU parallel. */
function showAt(args: readonly string[], position: number, show: (value: string) => string): string {
  const value = args.at(position > 0 ? position - 1 : position);
  return value === undefined ? '' : show(value);
}

/** Braces are mostly bash's own; a single word in them is a slip when the arguments have names. */
function refuseUnknown(inner: string, { named }: ArgumentRow, template: string): undefined {
  const names = Object.keys(named).map((name) => `{${name}}`);
  if (names.length === 0 || !/^[A-Za-z_]\w*$/.test(inner)) return undefined;
  refuse(
    template,
    `{${inner}} is not a column; there are ${names.join(', ')}`,
    `Use one of these, or write {{${inner}}} for literal braces.`,
  );
}

function refuse(template: string, what: string, next: string): never {
  throw new SpecError('E_PLACEHOLDER', { what, where: JSON.stringify(template), next });
}

/** GNU parallel's parts of a value: without extension, base name, directory, base name without extension. */
const CUTS: Readonly<Record<string, (value: string) => string>> = {
  '.': withoutExtension,
  '/': baseName,
  '//': (value) => posix.dirname(value),
  '/.': (value) => withoutExtension(baseName(value)),
};

function withoutExtension(value: string): string {
  return value.replace(/\.[^/.]*$/, '');
}

function baseName(value: string): string {
  return value.slice(value.lastIndexOf('/') + 1);
}

/** First `{{word}}`, then `{…}`; not after a dollar, where braces are bash's. */
const REPLACEMENT = /(?<!\$)\{\{([A-Za-z_]\w*)\}\}|(?<!\$)\{([^{}]*)\}/g;

/** A number or name, and the part wanted of it. */
const PARTS = /^(.*?)(\/\.|\/\/|\/|\.)?$/s;
