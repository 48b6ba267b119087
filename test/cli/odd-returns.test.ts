import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

/** What a job leaves as its required return `out`, and what is said of it; it succeeds in any case. */
const UNFIT: readonly (readonly [string, string, RegExp])[] = [
  ['a FIFO', 'mkfifo out', /the return out cannot come: "out": it is a FIFO/],
  ['a socket', 'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'out\')"', /it is a socket/],
  [
    'a link out of its directory',
    'ln -s /etc/passwd out',
    /it links to "\/etc\/passwd", out of the job's directory/,
  ],
  ['a link that climbs', 'ln -s ../../x out', /it links to "\.\.\/\.\.\/x"/],
  ['nothing', 'true', /did not leave out/],
];
for (const [title, work, says] of UNFIT) {
  test.serial(`a job whose required return is ${title} fails with the reason`, async (t) => {
    const cwd = await tempDir(t);
    const args = ['--return', 'out', '--return', 'good', '--', `echo x > good; ${work}`];
    const run = await runGpool(['run', '-S', ':', '--out', 'b', ...args], { cwd });
    t.is(run.code, 1, run.stderr);
    t.regex(run.stderr, /E_OUTPUT_MISSING/);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, says);
    t.is(await readFile(join(cwd, 'b/jobs/1/1/good'), 'utf8'), 'x\n');
  });
}

test.serial('a return named stdout fails its job with the reason, and its host keeps the file', async (t) => {
  const cwd = await tempDir(t);
  const words = ['run', '-S', ':', '--out', 'b', '--return', 'stdout', '--', 'echo file > stdout'];
  const run = await runGpool(words, { cwd });
  t.is(run.code, 1, run.stderr);
  t.regex(
    (await runGpool(['status', 'b'], { cwd })).stdout,
    /the return stdout cannot come.*taken by the job's own/,
  );
  t.is((await readdir(join(cwd, '.gjob/%3a'))).length, 1);
});

test.serial(
  'links into the own directory come as relative ones, unsafe ones are left out and the rest comes',
  async (t) => {
    const cwd = await tempDir(t);
    const work = [
      'mkdir -p d/e; echo x > file; echo y > d/file',
      'ln -s "$PWD/file" d/e/deep; ln -s "$PWD/file" top; ln -s "$PWD/d/file" d/near; ln -s "$PWD" d/all',
      'ln -s /etc/passwd d/out; mkfifo d/pipe',
    ].join('; ');
    const returns = ['file', 'd', 'top'].flatMap((name) => ['--return', name]);
    const run = await runGpool(['run', '-S', ':', '--out', 'b', ...returns, '--', work], { cwd });
    t.is(run.code, 0, run.stderr);
    const here = join(cwd, 'b/jobs/1/1');
    t.is(await readlink(join(here, 'd/e/deep')), '../../file');
    t.is(await readlink(join(here, 'top')), 'file');
    t.is(await readFile(join(here, 'd/near'), 'utf8'), 'y\n');
    for (const name of ['d/out', 'd/pipe', 'd/all']) await t.throwsAsync(lstat(join(here, name)));
    const journal = await readFile(join(cwd, 'b/journal.jsonl'), 'utf8');
    for (const name of ['d/out', 'd/pipe']) t.true(journal.includes(`{"path":"${name}","why":"it `), name);
  },
);
