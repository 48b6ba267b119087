import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'ava';
import { packageRoot } from './helpers/package-root.js';

/** Which folders a folder of src/ may import from, besides itself and the files that every layer may use. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  spec: [],
  events: ['spec'],
  queue: ['events', 'spec'],
  journal: ['events', 'spec'],
  network: ['events', 'spec'],
  manager: ['queue', 'journal', 'network', 'events', 'spec'],
  report: ['queue', 'journal', 'events', 'spec'],
  batch: ['manager', 'report', 'queue', 'journal', 'network', 'events', 'spec'],
  cli: ['batch', 'report', 'events', 'spec'],
  testing: ['network', 'manager', 'events', 'spec'],
};

/** Files directly in src/ that import nothing of ours and that everyone may use. */
const EVERYWHERE = ['bytes.ts', 'errors.ts', 'clock.ts', 'random.ts', 'read-blocks.ts', 'version.ts'];

/** Inside network/: a way to run attempts knows the Shell port and never another way. */
const NETWORK_PARTS: Record<string, readonly string[]> = {
  shell: [],
  direct: ['shell'],
  simulated: [],
};

/** The one home of each library. */
const LIBRARY_HOMES: Record<string, RegExp> = {
  ssh2: /^(network\/shell\/ssh2|testing)\//,
  'p-queue': /^network\//,
  winston: /^manager\//,
  'winston-transport': /^manager\//,
  commander: /^cli\//,
  yaml: /^spec\//,
  zod: /^(spec|journal|batch)\//,
};

const source = join(packageRoot(), 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const modules = new Map(files.map((file) => [file, readModule(file)]));

test('every import points down: cli → batch → manager, report → queue, journal, network → events → spec', (t) => {
  const wrong = [...modules].flatMap(([file, { ours }]) =>
    ours.filter((target) => !isAllowed(file, target)).map((target) => `${file} imports ${target}`),
  );
  t.deepEqual(wrong, []);
});

test('the manager knows nothing of the network but its port', (t) => {
  const concrete = [...modules]
    .filter(([file]) => folderOf(file) === 'manager')
    .flatMap(([file, { ours }]) => ours.map((target) => ({ file, target })))
    .filter(({ target }) => folderOf(target) === 'network' && target !== 'network/network.ts');
  t.deepEqual(concrete, []);
});

test('each library appears in its one home', (t) => {
  const strangers = [...modules].flatMap(([file, { packages }]) =>
    packages
      .filter((name) => !(LIBRARY_HOMES[name]?.test(file) ?? false))
      .map((name) => `${file} imports ${name}`),
  );
  t.deepEqual(strangers, []);
});

test('no file imports itself by way of others', (t) => {
  const cycles = files.map((file) => findCycle(file)).filter((cycle) => cycle.length > 0);
  t.deepEqual(cycles, []);
});

test('no file of src/ has more than 300 lines and none exports a default', (t) => {
  const faults = [...modules].flatMap(([file, { lines, text }]) => [
    ...(lines > 300 ? [`${file} has ${lines} lines`] : []),
    ...(/^export default /m.test(text) ? [`${file} has a default export`] : []),
    ...(/^export \* from/m.test(text) ? [`${file} exports everything of another file`] : []),
  ]);
  t.deepEqual(faults, []);
});

test('no test file has more than 400 lines', (t) => {
  const root = join(packageRoot(), 'test');
  const long = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => countLines(readFileSync(join(root, file), 'utf8')) > 400);
  t.deepEqual(long, []);
});

interface Module {
  readonly text: string;
  readonly lines: number;
  /** Files of src/ that this one imports, types included. */
  readonly ours: readonly string[];
  /** The same without `import type`: what is loaded when the program runs. */
  readonly loaded: readonly string[];
  readonly packages: readonly string[];
}

function readModule(file: string): Module {
  const text = readFileSync(join(source, file), 'utf8');
  const imports = [
    ...text.matchAll(/^(?:import|export)\s+(?<type>type\s+)?[\w\s{},*$]*?from '(?<from>[^']+)'/gm),
    ...text.matchAll(/import\('(?<from>[^']+)'\)/g),
  ];
  const named = imports.map(({ groups }) => ({ from: groups?.from ?? '', type: groups?.type !== undefined }));
  const relatives = named
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from, type }) => ({ target: toFile(file, from), type }));
  return {
    text,
    lines: countLines(text),
    ours: relatives.map(({ target }) => target),
    loaded: relatives.filter(({ type }) => !type).map(({ target }) => target),
    packages: named
      .map(({ from }) => from)
      .filter((from) => !from.startsWith('.') && !from.startsWith('node:')),
  };
}

function toFile(importer: string, from: string): string {
  return relative(source, resolve(source, dirname(importer), from)).replace(/\.js$/, '.ts');
}

function isAllowed(file: string, target: string): boolean {
  if (file === 'index.ts') return true;
  if (EVERYWHERE.includes(file)) return EVERYWHERE.includes(target);
  if (EVERYWHERE.includes(target)) return true;
  const [from, to] = [folderOf(file), folderOf(target)];
  if (from !== to) return MAY_IMPORT[from]?.includes(to) ?? false;
  return from !== 'network' || isAllowedInNetwork(file, target);
}

function isAllowedInNetwork(file: string, target: string): boolean {
  const [from, to] = [networkPart(file), networkPart(target)];
  if (from === to || from === '') return true;
  return to === '' ? target === 'network/network.ts' : (NETWORK_PARTS[from]?.includes(to) ?? false);
}

/** `shell` of `network/shell/quote.ts`; empty for the files directly in network/. */
function networkPart(file: string): string {
  const parts = file.split('/');
  return parts.length > 2 ? (parts[1] ?? '') : '';
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

function findCycle(start: string): string[] {
  const seen = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): boolean => {
    path.push(file);
    for (const next of modules.get(file)?.loaded ?? []) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      if (visit(next)) return true;
    }
    path.pop();
    return false;
  };
  return visit(start) ? path : [];
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
