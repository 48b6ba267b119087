import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

test.serial('run gives each argument to a job of its own and prints what they wrote', async (t) => {
  const cwd = await tempDir(t);
  const { code, stdout, stderr } = await runGpool(
    ['run', '-k', '--', 'echo', 'got', '{}', ':::', 'a', 'b c', "d'e"],
    { cwd },
  );
  t.is(stdout, "got a\ngot b c\ngot d'e\n");
  t.is(code, 0);
  t.regex(stderr, /3 jobs: 3 done/);
});

test.serial('run ends by itself soon after its last job', async (t) => {
  const cwd = await tempDir(t);
  const child = startGpool(['run', '--', 'touch ~/ended'], { cwd });
  const { code } = await finish(child);
  const late = Date.now() - (await stat(join(cwd, 'ended'))).mtimeMs;
  t.is(code, 0);
  t.true(late < 5000, `${late} ms`);
});

test.serial(
  'replacement strings, products, links and headers reach the job as GNU parallel has them',
  async (t) => {
    const cwd = await tempDir(t);
    const rows: [string[], string][] = [
      [['echo {.} {/} {//} {/.} {#}', ':::', 'd/x.csv'], 'd/x x.csv d x 1\n'],
      [['echo {2}-{1}', ':::', '1', '2', ':::', 'a', 'b'], 'a-1\nb-1\na-2\nb-2\n'],
      [['echo', ':::', '1', '2', ':::+', 'a', 'b'], '1 a\n2 b\n'],
      [['--header', ':', 'echo {lr}', ':::', 'lr', '0.1'], '0.1\n'],
      [['--header', ':', 'echo "$lr" # {lr}', ':::', 'lr', '0.1'], '0.1\n'],
      [['--colsep', ',', 'echo {2}', ':::', 'a,b'], 'b\n'],
    ];
    for (const [words, wanted] of rows) {
      const { stdout } = await runGpool(['run', '-k', ...words], { cwd });
      t.is(stdout, wanted, words.join(' '));
    }
  },
);

test.serial('lines of standard input are arguments when no source is given', async (t) => {
  const cwd = await tempDir(t);
  const { stdout } = await runGpool(['run', '-k', '--', 'echo', 'line'], { cwd, stdin: 'one\ntwo words\n' });
  t.is(stdout, 'line one\nline two words\n');
});

test.serial('no arguments at all is nothing to run, and no failure', async (t) => {
  const cwd = await tempDir(t);
  const { code, stderr } = await runGpool(['run', '--', 'echo'], { cwd, stdin: '' });
  t.is(code, 0);
  t.regex(stderr, /nothing to run/);
});

test.serial(
  'one failing job stops no other; the exit code is 1 and the summary says how to see its log',
  async (t) => {
    const cwd = await tempDir(t);
    const { code, stdout, stderr } = await runGpool(
      ['run', '-k', '--', '[ {} != 2 ] || { echo no such luck >&2; exit 7; }; echo {}', ':::', '1', '2', '3'],
      { cwd },
    );
    t.is(code, 1);
    t.is(stdout, '1\n3\n');
    t.regex(stderr, /exit code 7: job 2/);
    t.regex(stderr, /no such luck/);
    const advice = /gpool (logs .* 2 --stderr)/.exec(stderr)?.[1] ?? '';
    t.is((await runGpool(advice.split(' '), { cwd })).stdout, 'no such luck\n');
  },
);

test.serial('--tag puts the arguments before each line, on both streams', async (t) => {
  const cwd = await tempDir(t);
  const { stdout, stderr } = await runGpool(
    ['run', '--tag', '--', 'echo a; echo b; echo c >&2; :', ':::', 'x y'],
    { cwd },
  );
  t.is(stdout, 'x y\ta\nx y\tb\n');
  t.true(stderr.includes('x y\tc\n'));
});

test.serial('--quiet prints no output, and the files are there', async (t) => {
  const cwd = await tempDir(t);
  const { stdout } = await runGpool(['run', '--quiet', '--out', 'b', '--', 'echo kept; :', ':::', '1'], {
    cwd,
  });
  t.is(stdout, '');
  t.is(await readFile(join(cwd, 'b/jobs/1/1/stdout'), 'utf8'), 'kept\n');
});

test.serial('--line-buffer shows lines before the job has ended', async (t) => {
  const cwd = await tempDir(t);
  const child = startGpool(
    ['run', '--line-buffer', '--', 'echo early; until [ -e ~/go ]; do sleep 0.3; done; echo late'],
    { cwd },
  );
  const ended = finish(child);
  await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  await writeFile(join(cwd, 'go'), '');
  const { stdout, code } = await ended;
  t.is(stdout, 'early\nlate\n');
  t.is(code, 0);
});

test.serial('inputs go there and returns come back, with replacement strings in their names', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'a.txt'), 'abc');
  await writeFile(join(cwd, 'common'), 'x');
  const args = [
    'run',
    '--out',
    'b',
    '--file',
    'common',
    '--trc',
    '{.}.out',
    '--',
    'cat {} common > {.}.out',
    ':::',
    'a.txt',
  ];
  const { code } = await runGpool(args, { cwd });
  t.is(code, 0);
  t.is(await readFile(join(cwd, 'b/jobs/1/1/a.out'), 'utf8'), 'abcx');
});

test.serial('--dry-run prints the commands, makes no directory and connects to nothing', async (t) => {
  const cwd = await tempDir(t);
  const { code, stdout } = await runGpool(
    ['run', '-S', 'nowhere.invalid', '--dry-run', '--', 'sim {1} {2}', ':::', 'a b', ':::', '1', '2'],
    { cwd },
  );
  t.is(code, 0);
  t.is(stdout, "sim 'a b' 1\nsim 'a b' 2\n");
  t.deepEqual(await readdir(cwd), []);
});

test.serial('a batch file runs, and flags go before what it says', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(
    join(cwd, 'batch.yaml'),
    'name: grid\nhosts: nowhere.invalid\nsweep: { lr: [1, 2] }\ncommand: echo {lr} $EXTRA\n',
  );
  const { code, stdout } = await runGpool(['run', '-S', ':', '-k', '--env', 'EXTRA', 'batch.yaml'], {
    cwd,
    env: { EXTRA: 'x' },
  });
  t.is(stdout, '1 x\n2 x\n');
  t.is(code, 0);
  t.true((await readdir(join(cwd, 'batches'))).some((name) => name.endsWith('-grid')));
});

test.serial('the batch goes on when the reader of its output leaves', async (t) => {
  const cwd = await tempDir(t);
  const child = startGpool(
    ['run', '--out', 'b', '--', 'head -c 300000 /dev/zero | tr "\\0" x; :', ':::', '1', '2', '3'],
    { cwd },
  );
  const ended = finish(child);
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { code, stderr } = await ended;
  t.is(code, 0, stderr);
  t.regex(stderr, /3 done/);
});

test.serial('a job log that cannot be written is told once and harms nothing', async (t) => {
  const cwd = await tempDir(t);
  const { code, stderr } = await runGpool(
    ['run', '--joblog', '/proc/no/such', '--', 'echo', ':::', '1', '2'],
    { cwd },
  );
  t.is(code, 0);
  t.is(stderr.split('a log cannot be written').length, 2);
});

test.serial('the joblog copy has a line for each job', async (t) => {
  const cwd = await tempDir(t);
  await runGpool(['run', '--joblog', 'log.tsv', '--', 'exit', ':::', '0', '3'], { cwd });
  const lines = (await readFile(join(cwd, 'log.tsv'), 'utf8')).trim().split('\n').slice(1);
  t.deepEqual(lines.map((line) => line.split('\t')[6]).sort(), ['0', '3']);
});

test.serial('--retries counts the first try', async (t) => {
  const cwd = await tempDir(t);
  const { code } = await runGpool(['run', '--retries', '2', '--', 'echo x >> ~/tries; exit 1', ':::', '1'], {
    cwd,
  });
  t.is(code, 1);
  t.is((await readFile(join(cwd, 'tries'), 'utf8')).length, 4);
  t.false(existsSync(join(cwd, 'nothing')));
});
