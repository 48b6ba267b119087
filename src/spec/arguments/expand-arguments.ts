import { SpecError } from '../../errors.js';
import { readInput } from './read-input.js';
import type { ArgumentSource } from './split-command-line.js';

/** The arguments of one job. */
export interface ArgumentRow {
  /** `{1}`, `{2}` … */
  readonly args: readonly string[];
  /** `{name}`, from header lines; empty without. */
  readonly named: Readonly<Record<string, string>>;
}

export interface ExpandOptions {
  /** Regular expression that splits each argument into columns. @default one column */
  readonly colsep?: string | undefined;
  /** The first argument of each source is the name of its column. @default false */
  readonly header?: boolean | undefined;
  /** Reads a file's text; `-` is standard input. @default from disk */
  readonly readText?: (path: string) => Promise<string>;
  /** Hears of lines that have fewer values than their header names. @default nobody */
  readonly onShort?: (message: string) => void;
}

/**
 * The rows that sources give, in GNU parallel's order: all combinations, the last source fastest; linked sources go in step, as far as
 * the shortest reaches. No source at all gives one row without arguments. Throws SpecError (E_USAGE, E_INPUT_MISSING).
 */
export async function expandArguments(
  sources: readonly ArgumentSource[],
  { colsep, header = false, readText = readInput, onShort = () => {} }: ExpandOptions = {},
): Promise<ArgumentRow[]> {
  const columns = colsep === undefined ? undefined : toExpression(colsep);
  const standardInputs = sources.filter((source) => source.kind === 'file' && source.path === '-');
  if (standardInputs.length > 1) refuse('::::', 'standard input can be read only once');
  const tables: Table[] = [];
  for (const source of sources) {
    const texts = source.kind === 'values' ? source.values : toLines(await readText(source.path));
    const records = texts.map((text) => (columns ? text.split(columns) : [text]));
    if (header) checkWidths(records, source, onShort);
    tables.push({
      linked: source.linked,
      names: header ? (records[0] ?? []) : [],
      records: header ? records.slice(1) : records,
    });
  }
  const names = tables.flatMap((table) => table.names);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) refuse('--header', `two columns have the name ${JSON.stringify(repeated)}`);
  return combine(groupLinked(tables.map(toRows)));
}

/** What one source holds. */
interface Table {
  readonly linked: boolean;
  readonly names: readonly string[];
  readonly records: readonly (readonly string[])[];
}

interface Rows {
  readonly linked: boolean;
  readonly rows: readonly ArgumentRow[];
}

function toRows({ linked, names, records }: Table): Rows {
  const rows = records.map((args) => ({
    args,
    named: Object.fromEntries(names.map((name, at) => [name, args[at] ?? ''])),
  }));
  return { linked, rows };
}

/** A value that has no column would be lost; a column without a value is empty, which is told. */
function checkWidths(
  records: readonly (readonly string[])[],
  source: ArgumentSource,
  onShort: (message: string) => void,
): void {
  const width = records[0]?.length ?? 0;
  const placeOf = (at: number): string =>
    source.kind === 'file' ? `${source.path}:${at + 1}` : JSON.stringify(records[at]?.join(' '));
  const long = records.findIndex(({ length }) => length > width);
  if (long >= 0) {
    const what = `line ${long + 1} has ${records[long]?.length} values, and the header names ${width}`;
    const next = 'Name every column; where a value holds the separator itself, choose another --colsep.';
    throw new SpecError('E_USAGE', { what, where: placeOf(long), next });
  }
  const short = records.findIndex(({ length }) => length < width);
  if (short < 0) return;
  const more = records.filter(({ length }) => length < width).length - 1;
  const others = more > 0 ? `, and ${more} more lines` : '';
  onShort(`${placeOf(short)} has fewer values than the header${others}: the rest is empty`);
}

function groupLinked(sources: readonly Rows[]): (readonly ArgumentRow[])[] {
  const groups: (readonly ArgumentRow[])[] = [];
  for (const { linked, rows } of sources) {
    const before = linked ? groups.pop() : undefined;
    groups.push(before ? zip(before, rows) : rows);
  }
  return groups;
}

function zip(one: readonly ArgumentRow[], other: readonly ArgumentRow[]): ArgumentRow[] {
  return one.flatMap((row, at) => other.slice(at, at + 1).map((partner) => merge(row, partner)));
}

function combine(groups: readonly (readonly ArgumentRow[])[]): ArgumentRow[] {
  const none: ArgumentRow[] = [{ args: [], named: {} }];
  return groups.reduce<ArgumentRow[]>(
    (rows, group) => rows.flatMap((row) => group.map((next) => merge(row, next))),
    none,
  );
}

function merge(one: ArgumentRow, other: ArgumentRow): ArgumentRow {
  return { args: [...one.args, ...other.args], named: { ...one.named, ...other.named } };
}

function toLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function toExpression(colsep: string): RegExp {
  try {
    return new RegExp(colsep);
  } catch (cause) {
    throw new SpecError('E_USAGE', {
      what: `${JSON.stringify(colsep)} is no regular expression`,
      where: '--colsep',
      cause,
    });
  }
}

function refuse(where: string, what: string): never {
  throw new SpecError('E_USAGE', { what, where });
}
