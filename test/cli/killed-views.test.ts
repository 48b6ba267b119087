import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

const RUN = ['-S', '1/:', '--joblog', 'log', '--', 'echo {} >> ~/ran', ':::', 'a', 'b', 'c'];

/** What a controller leaves that is killed right after it wrote to its journal: the last bytes are in no other file. */
async function cutEnd(path: string, bytes: number): Promise<void> {
  await truncate(path, (await readFile(path)).length - bytes);
}

const linesOf = async (path: string) => (await readFile(path, 'utf8')).split('\n').slice(0, -1);

/** Seq, exit code and signal of each line. */
const rowsOf = async (path: string) =>
  (await linesOf(path)).slice(1).map((line) =>
    line
      .split('\t')
      .filter((_, at) => [0, 6, 7].includes(at))
      .join(' '),
  );

const CUTS: readonly (readonly [string, number])[] = [
  ['its last lines', 120],
  ['a part of its last line', 7],
  ['all but the first byte', -1],
];
for (const [title, cut] of CUTS) {
  test.serial(
    `every view that lacks ${title} is completed from the journal by the next resume`,
    async (t) => {
      const cwd = await tempDir(t);
      t.is((await runGpool(['run', '--out', 'b', ...RUN], { cwd })).code, 0);
      const views = ['b/joblog.tsv', 'log', 'b/log.jsonl'].map((name) => join(cwd, name));
      const whole = await Promise.all(views.map(linesOf));
      for (const view of views) {
        if (cut < 0) await truncate(view, 1);
        else await cutEnd(view, cut);
      }
      t.is((await runGpool(['resume', 'b'], { cwd })).code, 0);
      const [own, other, log] = await Promise.all(views.map(linesOf));
      t.deepEqual(own, whole[0]);
      t.deepEqual(other, whole[1]);
      t.deepEqual(
        log?.filter((line) => !line.includes('"seq":0')).slice(0, 12),
        whole[2]?.filter((line) => !line.includes('"seq":0')).slice(0, 12),
      );
      const seqs = log?.map((line) => JSON.parse(line).seq).filter((seq) => seq > 0);
      t.deepEqual(
        seqs,
        seqs?.map((_, at) => at + 1),
      );
    },
  );
}

test.serial('a joblog without its last line runs no job again', async (t) => {
  const cwd = await tempDir(t);
  t.is((await runGpool(['run', ...RUN], { cwd })).code, 0);
  await cutEnd(join(cwd, 'log'), 20);
  const again = await runGpool(['run', '--resume', ...RUN], { cwd });
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /every job was run before/);
  t.is((await readFile(join(cwd, 'ran'), 'utf8')).trim().split('\n').length, 3);
  t.deepEqual(await rowsOf(join(cwd, 'log')), ['1 0 0', '2 0 0', '3 0 0']);
});

test.serial('lines of other runs in a joblog stay, and views that are whole are left alone', async (t) => {
  const cwd = await tempDir(t);
  const other = '1\tother\t1.000\t     1.000\t0\t0\t3\t0\tfalse\n';
  const head = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';
  await writeFile(join(cwd, 'log'), head + other);
  t.is((await runGpool(['run', '--out', 'b', ...RUN], { cwd })).code, 0);
  const before = await readFile(join(cwd, 'log'), 'utf8');
  const own = await readFile(join(cwd, 'b/joblog.tsv'), 'utf8');
  await runGpool(['resume', 'b'], { cwd });
  t.is(await readFile(join(cwd, 'log'), 'utf8'), before);
  t.is(await readFile(join(cwd, 'b/joblog.tsv'), 'utf8'), own);
});
