import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SpecError } from '../../src/errors.js';
import { readJoblog } from '../../src/report/joblog-reader.js';
import { tempDir } from '../helpers/temp-dir.js';

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

test('the last line of a job counts, and a command may hold tabs and newlines', async (t) => {
  const path = join(await tempDir(t), 'log');
  const rows = ['2\th\t1.5\t  0.1\t0\t0\t1\t0\tfirst', '2\th\t1.5\t  0.1\t0\t0\t-1\t15\tone\ttwo\0three'];
  await writeFile(path, `${HEADER}${rows.join('\n')}\n`);
  t.deepEqual(
    [...(await readJoblog(path))],
    [[2, { line: 3, seq: 2, exit: -1, signal: 15, command: 'one\ttwo\nthree' }]],
  );
});

test('a log that is not there, or empty, has no job', async (t) => {
  const path = join(await tempDir(t), 'log');
  t.is((await readJoblog(path)).size, 0);
  await writeFile(path, '');
  t.is((await readJoblog(path)).size, 0);
});

for (const row of ['x\th\t1\t1\t0\t0\t0\t0\tc', '1\th\t1\t1\t0\t0\t\t0\tc', '1\th\t1\t1\t0\t0\t0\t0', '']) {
  test(`the line ${JSON.stringify(row)} is refused by its number`, async (t) => {
    const path = join(await tempDir(t), 'log');
    await writeFile(path, `${HEADER}1\th\t1\t1\t0\t0\t0\t0\tc\n${row}\n`);
    const error = await t.throwsAsync(readJoblog(path), { instanceOf: SpecError });
    t.is(error.code, 'E_JOBLOG');
    t.is(error.where, `${path}:3`);
  });
}

test('a directory is no joblog', async (t) => {
  const error = await t.throwsAsync(readJoblog(await tempDir(t)), { instanceOf: SpecError });
  t.is(error.code, 'E_JOBLOG');
});
