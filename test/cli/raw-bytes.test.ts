import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readArguments } from '../../src/cli/read-arguments.js';
import { SpecError } from '../../src/errors.js';
import { MAIN } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

interface RawRun {
  readonly code: number;
  /** A character for each byte. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of bash in which `gpool` is the command: bash gives words any bytes that Node cannot. */
function bash(cwd: string, line: string): Promise<RawRun> {
  const script = `exec </dev/null; gpool() { ${process.execPath} ${MAIN} "$@"; }\n${line}`;
  const env = { PATH: process.env.PATH, HOME: cwd, USER: process.env.USER, NO_COLOR: '1', GJOB_IDLE: '2' };
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { cwd, env, encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const LATIN1 = 'caf\xe9';

for (const [way, line] of [
  ['an argument', String.raw`gpool run -- printf %s {} ::: $'caf\351'`],
  ['a word of the command', String.raw`gpool run -- "printf %s $'caf\351'"`],
  ['a line of standard input', String.raw`printf 'caf\351\n' | gpool run -- printf %s {}`],
  ['a line of a file', String.raw`printf 'caf\351\n' > list; gpool run -- printf %s {} :::: list`],
  [
    'a column of a file',
    String.raw`printf 'n,w\n1,caf\351\n' > t.csv; gpool run --header : --colsep , -- 'printf %s {w}; : {n}' :::: t.csv`,
  ],
  ['a variable of --env', String.raw`export W=$'caf\351'; gpool run --env W -- 'printf %s "$W"'`],
  ['a file name without its end', String.raw`gpool run -- printf %s {/.} ::: $'dir/caf\351.txt'`],
  ['a script of exec', String.raw`gpool exec -S : -- "printf %s $'caf\351'"`],
] as const) {
  test.serial(`bytes that are not UTF-8 reach the job from ${way}`, async (t) => {
    const { code, stdout, stderr } = await bash(await tempDir(t), line);
    t.is(code, 0, stderr);
    t.is(stdout, LATIN1);
  });
}

test.serial('local files and trees whose names are not UTF-8 are sent, and found again', async (t) => {
  const cwd = await tempDir(t);
  const tree = String.raw`mkdir tree; printf in > $'tree/\377'; ln -s $'\377' tree/link; head -c 100000 /dev/zero > $'big\351'`;
  const first = await bash(
    cwd,
    String.raw`printf hi > $'caf\351'; ${tree}; gpool run --out b --file {} --file tree --file $'big\351' -- "cat {} tree/*; wc -c < $'big\351'" ::: $'caf\351'`,
  );
  t.is(first.code, 0, first.stderr);
  t.is(first.stdout, 'hiinin100000\n');
  t.is((await bash(cwd, 'gpool rerun b --all')).stdout, 'hiinin100000\n');
  const unchanged = await bash(
    cwd,
    String.raw`gpool run --out b --file {} --file tree --file $'big\351' -- "cat {} tree/*; wc -c < $'big\351'" ::: $'caf\351'`,
  );
  t.regex(unchanged.stderr, /b: 1 unchanged/);
});

test.serial(
  'the records keep the bytes: batch.json, joblog, --dry-run, --tag and --joblog --resume',
  async (t) => {
    const cwd = await tempDir(t);
    const run = String.raw`gpool run --out b --tag --joblog log -- printf %s {} ::: $'caf\351'`;
    t.is((await bash(cwd, run)).stdout, `caf\\xe9\t${LATIN1}`);
    t.true((await readFile(join(cwd, 'b/batch.json'), 'utf8')).includes('caf\\udce9'));
    t.true((await readFile(join(cwd, 'log'), 'latin1')).includes(`'${LATIN1}'`));
    const resumed = await bash(cwd, run.replace('--out b', '--resume'));
    t.regex(resumed.stderr, /log has 1 of 1 jobs/);
    t.is(
      (await bash(cwd, String.raw`gpool run --dry-run -- echo {} ::: $'caf\351'`)).stdout,
      `echo '${LATIN1}'\n`,
    );
    t.is((await bash(cwd, 'gpool status b --json')).code, 0);
  },
);

test.serial('what has to be UTF-8 and is not is refused by name', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'b.yaml'), Buffer.from('name: x\ncommand: echo caf\xe9\n', 'latin1'));
  await writeFile(join(cwd, 'hosts'), Buffer.from('# caf\xe9\n:\n', 'latin1'));
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['gpool run b.yaml', /b\.yaml:2: the line is not valid UTF-8/],
    ['gpool run --slf hosts -- true', /hosts:1: the line is not valid UTF-8/],
    [String.raw`gpool run --out $'b\351' -- true`, /--out: b\\xe9 is not UTF-8/],
    [String.raw`gpool status $'b\351'`, /b\\xe9 is not UTF-8/],
    [String.raw`gpool run --return $'r\351' -- true`, /is not UTF-8; return it under another name/],
  ];
  for (const [line, message] of refusals) {
    const { code, stderr } = await bash(cwd, line);
    t.true(code === 2 || code === 3, `${line}: ${code}`);
    t.regex(stderr, message);
  }
});

test('without /proc a word that is not UTF-8 is refused, and one that is goes through', (t: ExecutionContext) => {
  const raw = [Buffer.from('node'), Buffer.from('caf\xe9', 'latin1')];
  t.deepEqual(
    readArguments(['caf\ufffd'], () => raw),
    ['caf\udce9'],
  );
  t.deepEqual(
    readArguments(['plain'], () => []),
    ['plain'],
  );
  t.deepEqual(
    readArguments(['\ufffd'], () => [Buffer.from('\ufffd')]),
    ['\ufffd'],
  );
  for (const told of [[], [Buffer.from('other')]])
    t.is(
      t.throws(() => readArguments(['caf\ufffd'], () => told), { instanceOf: SpecError })?.code,
      'E_USAGE',
    );
});
