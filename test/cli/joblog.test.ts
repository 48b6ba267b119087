import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

function line(seq: number, exit: number, signal: number, command: string): string {
  return `${seq}\t:\t1795251447.884\t     0.003\t0\t0\t${exit}\t${signal}\t${command}\n`;
}

/** As GNU parallel leaves it after `echo {} ::: a 'b c' c d e`: one failed, one was killed, one failed and then succeeded. */
const LOG = [
  HEADER,
  line(1, 0, 0, 'echo a'),
  line(2, 1, 0, 'echo b\\ c'),
  line(4, 0, 15, 'echo d'),
  line(3, 1, 0, 'echo c'),
  line(3, 0, 0, 'echo c'),
].join('');
const RUN = ['-k', '--joblog', 'log', '--', 'echo', '{}', ':::', 'a', 'b c', 'c', 'd', 'e'];

test.serial('--resume runs what a log of GNU parallel does not have, under its own number', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'log'), LOG);
  const { code, stdout, stderr } = await runGpool(['run', '--resume', ...RUN], { cwd });
  t.is(code, 0, stderr);
  t.is(stdout, 'e\n');
  t.regex(stderr, /log has 4 of 5 jobs/);
  const rows = (await readFile(join(cwd, 'log'), 'utf8')).trim().split('\n');
  t.regex(rows.at(-1) ?? '', /^5\t:\t.*\t0\t0\techo e$/);
  const again = await runGpool(['run', '--resume', ...RUN], { cwd });
  t.is(again.code, 0);
  t.regex(again.stderr, /every job was run before/);
});

test.serial('--resume-failed runs what failed, was killed or is not in the log', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'log'), LOG);
  const { code, stdout } = await runGpool(['run', '--resume-failed', ...RUN], { cwd });
  t.is(code, 0);
  t.is(stdout, 'b c\nd\ne\n');
  t.is((await runGpool(['run', '--resume-failed', ...RUN], { cwd })).stdout, '');
});

test.serial('--retry-failed runs what failed as it stands in the log', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'log'), LOG);
  const { code, stdout } = await runGpool(['run', '-k', '--retry-failed', '--joblog', 'log'], { cwd });
  t.is(code, 0);
  t.is(stdout, 'b c\nd\n');
});

test.serial('a log that is not there yet has no job', async (t) => {
  const cwd = await tempDir(t);
  const { stdout } = await runGpool(['run', '--resume', ...RUN], { cwd });
  t.is(stdout, 'a\nb c\nc\nd\ne\n');
});

test.serial('a last line that was cut off counts for nothing, and swallows no later one', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'log'), LOG);
  await appendFile(join(cwd, 'log'), '5\t:\t17952514');
  const { stdout } = await runGpool(['run', '--resume', ...RUN], { cwd });
  t.is(stdout, 'e\n');
  const rows = (await readFile(join(cwd, 'log'), 'utf8')).trim().split('\n');
  t.is(rows.length, 7);
  t.true(rows.every((row) => row.split('\t').length === 9));
});

test.serial('--resume --dry-run prints what is left', async (t) => {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'log'), LOG);
  const { stdout } = await runGpool(['run', '--resume', '--dry-run', ...RUN], { cwd });
  t.is(stdout, 'echo e\n');
  t.is(await readFile(join(cwd, 'log'), 'utf8'), LOG);
});

const REFUSED: readonly (readonly [string, string, readonly string[], RegExp])[] = [
  [
    'a log of another command',
    LOG,
    ['--', 'print', '{}', ':::', 'a', 'b c', 'c', 'd'],
    /log:2: job 1 was "echo a" and it would be "print a", and 3 more differ/,
  ],
  ['a log of other arguments', LOG, ['--', 'echo', '{}', ':::', 'a', 'b', 'c', 'd'], /log:3: job 2 was/],
  ['a log of more jobs', LOG, ['--', 'echo', '{}', ':::', 'a', 'b c'], /there are only 2 jobs now/],
  ['a file that is no joblog', 'hello\nworld\n', ['--', 'true'], /log:1: the file is no joblog/],
  ['a line that is no job', `${HEADER}x\ty\n`, ['--', 'true'], /log:2: the line does not have/],
];
for (const [title, log, words, says] of REFUSED) {
  test.serial(`${title} is refused: nothing is run and nothing is changed`, async (t) => {
    const cwd = await tempDir(t);
    await writeFile(join(cwd, 'log'), log);
    const { code, stderr, stdout } = await runGpool(['run', '--resume', '--joblog', 'log', ...words], {
      cwd,
    });
    t.is(code, 3);
    t.regex(stderr, says);
    t.regex(stderr, /E_JOBLOG/);
    t.is(stdout, '');
    t.deepEqual(await readdir(cwd), ['log']);
    t.is(await readFile(join(cwd, 'log'), 'utf8'), log);
  });
}

for (const flag of ['--resume', '--resume-failed', '--retry-failed']) {
  test.serial(`${flag} without a joblog says what it needs`, async (t) => {
    const cwd = await tempDir(t);
    const { code, stderr } = await runGpool(['run', flag, '--', 'true'], { cwd });
    t.is(code, 2);
    t.regex(stderr, new RegExp(`${flag} needs.*--joblog FILE.*gpool resume`));
    t.deepEqual(await readdir(cwd), []);
  });
}

sshdTest('GNU parallel and gpool take up the joblog of each other', async (t) => {
  const cwd = await tempDir(t);
  const parallel = (...args: string[]) =>
    promisify(execFile)('parallel', args, { cwd }).catch((error) => error);
  const words = ['exit {1} # {2}', ':::', '0', '3', ':::', 'a b', "c'd", 'x\ty'];
  await runGpool(['run', '--joblog', 'log', '--', ...words], { cwd });
  t.is(
    (await parallel('--joblog', 'log', '--resume', '-k', 'echo ran', ':::', '1', '2', '3', '4', '5', '6'))
      .stdout,
    '',
  );
  const failed = await parallel('--joblog', 'log', '--resume-failed', '--dry-run', ...words);
  t.is(failed.stdout.trim().split('\n').length, 3);
  await parallel('--joblog', 'other', ...words);
  const left = await runGpool(['run', '--dry-run', '--resume-failed', '--joblog', 'other', '--', ...words], {
    cwd,
  });
  t.is(left.code, 0, left.stderr);
  t.is(left.stdout.trim().split('\n').length, 3);
});
