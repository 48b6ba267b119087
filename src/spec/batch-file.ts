import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { SpecError } from '../errors.js';
import { type BatchFileContent, type BatchFileEntry, batchFileSchema } from './batch-file-schema.js';
import { Builder } from './builder.js';
import { decodeText } from './decode-text.js';
import type { Host } from './host.js';
import { EMPTY_INVENTORY, type HostDefaults, PLAIN_DEFAULTS } from './inventory/inventory.js';
import { parseHosts } from './inventory/parse-hosts.js';
import { readInventory } from './inventory/read-inventory.js';
import type { JobInput } from './job-input.js';
import type { JobSpec } from './job-spec.js';
import { fillPlaceholders, findForeignPlaceholders, findUnknownPlaceholders } from './placeholders.js';
import { collect, keepProblems, type Problem, throwProblems } from './problems.js';
import {
  describePoint,
  expandSweep,
  findGridProblems,
  type Grid,
  type Point,
  parameterNames,
} from './sweep.js';
import { YamlSource } from './yaml-source.js';

/** What a batch file asks for. */
export interface BatchFile {
  /** @default the file's own name without its ending */
  readonly name: string;
  /** Undefined when the file names none; then the command line must. */
  readonly hosts: readonly Host[] | undefined;
  readonly specs: readonly JobSpec[];
  /** When the batch stops before its end, as `--halt` takes it. */
  readonly halt: string | undefined;
}

/**
 * Reads a YAML batch file. Paths in it are relative to the directory the batch is run from. `defaults` is what a host has
 * of which nothing is said. Throws one SpecError that lists every
 * mistake with file and line (E_BATCH_FILE, E_PLACEHOLDER, E_SPEC, and what the hosts may throw).
 */
export async function readBatchFile(
  path: string,
  defaults: HostDefaults = PLAIN_DEFAULTS,
): Promise<BatchFile> {
  const source = new YamlSource(await readText(path), path, 'E_BATCH_FILE');
  const file = source.read(batchFileSchema);
  const builder = new Builder().setRepeat(file.repeat ?? 1);
  if (file.jobs) builder.addFiles(file.files ?? []);
  const problems: Problem[] = [];
  for (const { job, path: at } of entriesOf(file)) {
    problems.push(...addEntry(job, builder, (key) => source.where(at, key)));
  }
  const specs = collect(problems, () => builder.makeJobSpecs());
  const hosts = await readHosts(file.hosts, source.where(['hosts']), defaults).catch((error) =>
    keepProblems(problems, error),
  );
  throwProblems(problems, path);
  return {
    name: file.name ?? basename(path).replace(/\.[^.]*$/, ''),
    hosts: hosts ?? undefined,
    specs: specs ?? [],
    halt: file.halt,
  };
}

/** The jobs or sweeps of a file with their places in it. A name at the top is the batch's. */
function entriesOf(file: BatchFileContent): { job: BatchFileEntry; path: (string | number)[] }[] {
  if (file.jobs) return file.jobs.map((job, at) => ({ job: inherit(job, file), path: ['jobs', at] }));
  return [{ job: { ...file, name: file.sweep ? undefined : file.name }, path: [] }];
}

/** What the whole file says holds for a job that does not say it. */
function inherit(job: BatchFileEntry, file: BatchFileContent): BatchFileEntry {
  const { returns, env, limits, repeatable, retries, retryOn, neverRetry, retryDelay } = file;
  const common = { returns, limits, repeatable, retries, retryOn, neverRetry, retryDelay };
  const inherited = Object.entries(common).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(inherited), ...job, env: { ...env, ...job.env } };
}

/** Adds the jobs of one entry, or returns what is wrong with its sweep. */
function addEntry(entry: BatchFileEntry, builder: Builder, where: (key?: string) => string): Problem[] {
  const input = toInput(entry);
  if (entry.sweep === undefined) {
    builder.addJob(input, { where: where() });
    return [];
  }
  const problems = [
    ...findPlaceProblems(input, entry.sweep, where),
    ...findPointProblems(entry, entry.sweep, where),
  ];
  if (problems.length > 0) return problems;
  const points = expandSweep(entry.sweep).filter(
    (point) => !entry.exclude?.some((part) => isPartOf(part, point)),
  );
  for (const point of [...points, ...(entry.include ?? [])]) {
    const filled = fillPlaceholders(input, point);
    builder.addJob(
      { ...filled, name: filled.name ?? describePoint(point), values: point },
      { where: where() },
    );
  }
  return [];
}

function toInput(entry: BatchFileEntry): JobInput {
  const { command, commands = command ?? [], files, returns, name, repeat, env, repeatable } = entry;
  const { retries, retryOn, neverRetry, retryDelay: retryDelaySecs, limits } = entry;
  // The file counts the first try, as the command line does.
  const further = retries === undefined ? undefined : retries - 1;
  const retry = { retries: further, retryOn, neverRetry, retryDelaySecs };
  const limit = { ...limits?.timeout, warn: limits?.signal };
  return { commands, files, returns, name, repeat, env, repeatable, ...limit, ...retry };
}

function findPlaceProblems(template: JobInput, grid: Grid, where: (key?: string) => string): Problem[] {
  const known = parameterNames(grid);
  const foreign = findForeignPlaceholders(template, known).map((text) => ({
    code: 'E_PLACEHOLDER' as const,
    where: where(),
    what: `${text} is a placeholder of another program; here a value stands where its name stands in braces, without blanks: {${known[0]}}`,
  }));
  if (foreign.length > 0) return foreign;
  return findUnknownPlaceholders(template, known).map((name) => ({
    code: 'E_PLACEHOLDER',
    where: where(),
    what: `{${name}} is not a parameter of the sweep, which has ${known.map((other) => `{${other}}`).join(', ')}`,
  }));
}

function findPointProblems(
  { exclude = [], include = [] }: BatchFileEntry,
  grid: Grid,
  where: (key?: string) => string,
): Problem[] {
  const names = parameterNames(grid);
  const strangers = (point: Point) => Object.keys(point).filter((name) => !names.includes(name));
  const absent = (point: Point) => names.filter((name) => !Object.hasOwn(point, name));
  const toProblem =
    (key: string) =>
    (what: string): Problem => ({ code: 'E_BATCH_FILE', where: where(key), what: `${key}: ${what}` });
  return [
    ...findGridProblems(grid).map(toProblem('sweep')),
    ...findShapeProblems(grid).map(toProblem('sweep')),
    ...exclude.flatMap((point) => findAbsentValues(point, grid)).map(toProblem('exclude')),
    ...exclude
      .flatMap(strangers)
      .map((name) => `${name} is not a parameter of the sweep`)
      .map(toProblem('exclude')),
    ...include
      .flatMap(strangers)
      .map((name) => `${name} is not a parameter of the sweep`)
      .map(toProblem('include')),
    ...include
      .flatMap(absent)
      .map((name) => `a point has no ${name}`)
      .map(toProblem('include')),
  ];
}

/** Other tools write the values of one parameter as a map. */
function findShapeProblems(grid: Grid): string[] {
  return Object.entries(grid).flatMap(([name, factor]) => {
    const [only, ...others] = Array.isArray(factor) ? [] : Object.keys(factor);
    const isForeign = only !== undefined && others.length === 0 && FOREIGN_KEYS.has(only);
    return isForeign
      ? [`${name}: { ${only}: … } would be a parameter called ${only}; write ${name}: [ … ]`]
      : [];
  });
}

const FOREIGN_KEYS: ReadonlySet<string> = new Set([
  'values',
  'value',
  'choices',
  'choice',
  'grid',
  'range',
  'list',
  'options',
]);

function findAbsentValues(part: Point, grid: Grid): string[] {
  if (findGridProblems(grid).length > 0) return [];
  const lists = new Map(Object.entries(grid).flatMap(([name, factor]) => listsOf(name, factor)));
  return Object.entries(part).flatMap(([name, value]) => {
    const has = lists.get(name)?.some((each) => String(each) === String(value)) ?? true;
    return has ? [] : [`${name} has no value ${value}, written so`];
  });
}

function listsOf(name: string, factor: Grid[string]): [string, readonly unknown[]][] {
  if (Array.isArray(factor)) return [[name, factor]];
  return Object.entries(factor);
}

function isPartOf(part: Point, point: Point): boolean {
  return Object.entries(part).every(([name, value]) => String(point[name]) === String(value));
}

async function readHosts(
  hosts: BatchFileContent['hosts'],
  where: string,
  defaults: HostDefaults,
): Promise<readonly Host[] | undefined> {
  if (hosts === undefined) return undefined;
  if (typeof hosts === 'string' || Array.isArray(hosts))
    return parseHosts(hosts, where, { ...EMPTY_INVENTORY, defaults });
  const inventory = await readInventory(hosts.file, defaults);
  return hosts.only === undefined ? inventory.hosts : parseHosts(hosts.only, where, inventory);
}

async function readText(path: string): Promise<string> {
  try {
    return decodeText(await readFile(path), path, 'E_BATCH_FILE');
  } catch (cause) {
    if (cause instanceof SpecError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = `the batch file cannot be read: ${reason}`;
    throw new SpecError('E_BATCH_FILE', { what, where: path, next: 'Check the path.', cause });
  }
}
