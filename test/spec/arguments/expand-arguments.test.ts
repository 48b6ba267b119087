import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type ExpandOptions, expandArguments } from '../../../src/spec/arguments/expand-arguments.js';
import { splitCommandLine } from '../../../src/spec/arguments/split-command-line.js';
import { tempDir } from '../../helpers/temp-dir.js';

const FILES: Readonly<Record<string, string>> = {
  'lines.txt': 'a\n\nb',
  'table.tsv': 'x\ty\n1\t2\n3\t4\n',
  'short.tsv': 'x\ty\n1\n',
  empty: '',
  '-': 'from stdin\n',
};

/** The rows of a command line, each as its arguments joined by commas. */
async function rows(words: string, options: ExpandOptions = {}): Promise<string[]> {
  const { sources } = splitCommandLine(words.split(' '));
  const expanded = await expandArguments(sources, {
    readText: async (path) => FILES[path] ?? '',
    ...options,
  });
  return expanded.map(({ args }) => args.join(','));
}

/** The order and length are those of GNU parallel 20221122. */
const tables: [words: string, rows: string[]][] = [
  ['echo ::: a b c', ['a', 'b', 'c']],
  ['echo ::: a b ::: 1 2', ['a,1', 'a,2', 'b,1', 'b,2']],
  ['echo ::: a b :::+ 1 2', ['a,1', 'b,2']],
  ['echo ::: a b :::+ 1 2 3 ::: x', ['a,1,x', 'b,2,x']],
  ['echo ::: x y ::: a b :::+ 1 2', ['x,a,1', 'x,b,2', 'y,a,1', 'y,b,2']],
  ['echo :::: lines.txt', ['a', '', 'b']],
  ['echo :::: lines.txt lines.txt', ['a,a', 'a,', 'a,b', ',a', ',', ',b', 'b,a', 'b,', 'b,b']],
  ['echo ::: 1 2 3 ::::+ lines.txt', ['1,a', '2,', '3,b']],
  ['echo :::: -', ['from stdin']],
  ['echo :::: empty', []],
  ['echo ::: a ::: ', ['a,']],
  ['echo', ['']],
];

for (const [words, expected] of tables) {
  test(`${words} gives ${expected.length} rows in GNU parallel's order`, async (t) => {
    t.deepEqual(await rows(words), expected);
  });
}

test('--colsep splits the arguments of every source into columns', async (t) => {
  t.deepEqual(await rows('echo :::: table.tsv', { colsep: '\\t' }), ['x,y', '1,2', '3,4']);
  t.deepEqual(await rows('echo ::: a;b ::: c;d', { colsep: ';' }), ['a,b,c,d']);
});

test('--header takes the names of the columns from the first argument of each source', async (t) => {
  const { sources } = splitCommandLine('run :::: table.tsv ::: z 8 9'.split(' '));
  const readText = async (path: string) => FILES[path] ?? '';
  const expanded = await expandArguments(sources, { colsep: '\t', header: true, readText });
  t.deepEqual(expanded[1], { args: ['1', '2', '9'], named: { x: '1', y: '2', z: '9' } });
  t.is(expanded.length, 4);
});

test('a column that a line lacks is empty', async (t) => {
  const { sources } = splitCommandLine(['run', '::::', 'short.tsv']);
  const [row] = await expandArguments(sources, {
    colsep: '\t',
    header: true,
    readText: async () => FILES['short.tsv'] ?? '',
  });
  t.deepEqual(row, { args: ['1'], named: { x: '1', y: '' } });
});

test('two columns of one name are refused', async (t) => {
  await t.throwsAsync(rows('echo ::: a 1 ::: a 2', { header: true }), {
    code: 'E_USAGE',
    message: /two columns have the name "a"/,
  });
});

test('standard input can be one source only', async (t) => {
  await t.throwsAsync(rows('echo :::: - -'), {
    code: 'E_USAGE',
    message: /standard input can be read only once/,
  });
});

test('a bad --colsep is refused', async (t) => {
  await t.throwsAsync(rows('echo ::: a', { colsep: '(' }), {
    code: 'E_USAGE',
    message: /"\(" is no regular expression/,
  });
});

test('files of arguments are read from disk, and a missing one is told by its name', async (t) => {
  const directory = await tempDir(t);
  await writeFile(join(directory, 'args'), 'ä b\nc\n');
  await mkdir(join(directory, 'tree'));
  const read = (name: string) =>
    expandArguments([{ kind: 'file', path: join(directory, name), linked: false }]);
  t.deepEqual(
    (await read('args')).map(({ args }) => args[0]),
    ['ä b', 'c'],
  );
  await t.throwsAsync(read('gone'), { code: 'E_INPUT_MISSING', message: /gone: there is no such file/ });
  await t.throwsAsync(read('tree'), {
    code: 'E_INPUT_DENIED',
    message: /tree: the file cannot be read \(EISDIR\)/,
  });
});

test('a line with more values than its header has names is refused with its place', async (t) => {
  const sources = [{ kind: 'file', path: 'wide.csv', linked: false }] as const;
  const readText = async () => 'a,b\n1,2\n3,4,5\n';
  await t.throwsAsync(expandArguments(sources, { colsep: ',', header: true, readText }), {
    code: 'E_USAGE',
    message: /wide\.csv:3.*3 values.*names 2/,
  });
  const told: string[] = [];
  const short = async () => 'a,b\n1\n\n3,4\n';
  await expandArguments(sources, {
    colsep: ',',
    header: true,
    readText: short,
    onShort: (text) => told.push(text),
  });
  t.deepEqual(told, ['wide.csv:2 has fewer values than the header, and 1 more lines: the rest is empty']);
});
