import { existsSync } from 'node:fs';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { finish, type GpoolRun, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** Notes the start and waits for a word in the file ~/go-N; ends with the exit code that is in it. */
const WORK = 'echo {} >> ~/ran; until [ -s ~/go-{} ]; do sleep 0.3; done; echo out {}; exit $(cat ~/go-{})';

interface Ground {
  readonly cwd: string;
  /** Starts gpool, waits, and kills it as a power cut would. */
  leave(args: readonly string[], until: () => boolean | Promise<boolean>): Promise<void>;
  gpool(...args: string[]): Promise<GpoolRun>;
  /** Lets jobs end with exit code 0 or the one given. */
  go(jobs: string, code?: number): Promise<void>;
  ran(): Promise<string>;
}

async function prepare(t: ExecutionContext): Promise<Ground> {
  const cwd = await tempDir(t);
  const ran = async (): Promise<string> => {
    const text = await readFile(join(cwd, 'ran'), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).sort().join(' ');
  };
  const leave = async (args: readonly string[], until: () => boolean | Promise<boolean>): Promise<void> => {
    const child = startGpool(args, { cwd });
    const ended = finish(child);
    await waitFor(until, { limitMs: 60_000, what: 'the moment to leave' });
    child.kill('SIGKILL');
    await ended;
  };
  const go = async (jobs: string, code = 0): Promise<void> => {
    for (const job of jobs.split(' ')) await writeFile(join(cwd, `go-${job}`), String(code));
  };
  return { cwd, leave, go, ran, gpool: (...args) => runGpool(args, { cwd }) };
}

/** So many jobs are settled by the journal. */
async function settled(cwd: string, count: number): Promise<boolean> {
  const text = await readFile(join(cwd, 'b/journal.jsonl'), 'utf8').catch(() => '');
  return (text.match(/"type":"job\.(done|failed)"/g) ?? []).length >= count;
}

function run(...values: string[]): string[] {
  return ['run', '--out', 'b', '-j', '2', '--', WORK, ':::', ...values];
}

test.serial(
  'jobs that were waiting when the controller died are run by resume, the others once',
  async (t) => {
    const { leave, go, gpool, ran } = await prepare(t);
    await leave(run('1', '2', '3', '4'), async () => (await ran()) === '1 2');
    await go('1 2 3 4');
    const { code, stdout } = await gpool('resume', 'b', '-k');
    t.is(code, 0);
    t.is(stdout, 'out 1\nout 2\nout 3\nout 4\n');
    t.is(await ran(), '1 2 3 4');
  },
);

test.serial('a batch that was partly finished goes on where it was', async (t) => {
  const { cwd, leave, go, gpool, ran } = await prepare(t);
  await go('1 2');
  await leave(run('1', '2', '3', '4'), () => settled(cwd, 2));
  await go('3 4');
  const { code, stdout } = await gpool('resume', 'b', '-k');
  t.is(code, 0);
  t.is(stdout, 'out 3\nout 4\n');
  t.is(await ran(), '1 2 3 4');
});

test.serial('a job that had failed stays failed over a resume, and runs again by a rerun', async (t) => {
  const { cwd, leave, go, gpool, ran } = await prepare(t);
  await go('1', 7);
  await leave(run('1', '2'), () => settled(cwd, 1));
  await go('2');
  t.is((await gpool('resume', 'b')).code, 1);
  t.is(await ran(), '1 2');
  await go('1');
  t.is((await gpool('rerun', 'b')).code, 0);
  t.is(await ran(), '1 1 2');
});

test.serial('jobs that were cancelled stay so over a resume, and are unfinished for a rerun', async (t) => {
  const { cwd, leave, go, gpool, ran } = await prepare(t);
  await go('1', 3);
  await leave(run('1', '2'), async () => (await settled(cwd, 1)) && (await ran()) === '1 2');
  t.is((await gpool('cancel', 'b')).code, 0);
  t.is((await gpool('resume', 'b')).code, 1);
  t.is(await ran(), '1 2');
  await go('2');
  const listed = await gpool('rerun', 'b', '--unfinished', '--dry-run');
  t.is(listed.stdout, '2\t2\tfailed before: cancelled\trun time unknown\n');
  t.is((await gpool('rerun', 'b', '--unfinished')).code, 1);
  t.is(await ran(), '1 2 2');
});

for (const bytes of [1, 40]) {
  test.serial(`a journal that lacks its last ${bytes} bytes loses no job and runs none twice`, async (t) => {
    const { cwd, leave, go, gpool, ran } = await prepare(t);
    await go('1 2');
    await leave(run('1', '2', '3', '4'), () => settled(cwd, 2));
    const journal = join(cwd, 'b/journal.jsonl');
    await truncate(journal, (await readFile(journal)).length - bytes);
    await go('3 4');
    t.is((await gpool('resume', 'b')).code, 0);
    t.is(await ran(), '1 2 3 4');
    t.is((await gpool('status', 'b')).code, 0);
  });
}

test.serial('what a job wrote before and after the controller died is there once', async (t) => {
  const { cwd, leave, gpool } = await prepare(t);
  const talk = 'echo early; touch ~/early; until [ -e ~/go-1 ]; do sleep 0.3; done; echo late';
  await leave(['run', '--line-buffer', '--out', 'b', '--', talk], () => existsSync(join(cwd, 'early')));
  await writeFile(join(cwd, 'go-1'), '');
  const { code, stdout } = await gpool('resume', 'b', '--line-buffer');
  t.is(code, 0);
  t.is(stdout, 'early\nlate\n');
  t.is(await readFile(join(cwd, 'b/jobs/1/1/stdout'), 'utf8'), 'early\nlate\n');
});

test.serial('a resume that is killed itself, again and again, can be resumed', async (t) => {
  const { cwd, leave, go, gpool, ran } = await prepare(t);
  await leave(run('1', '2', '3', '4', '5', '6'), async () => (await ran()) === '1 2');
  for (const [job, done] of [
    ['1', 1],
    ['2', 2],
    ['3', 3],
  ] as const) {
    await go(job);
    await leave(['resume', 'b'], () => settled(cwd, done));
  }
  await go('4 5 6');
  const { code } = await gpool('resume', 'b');
  t.is(code, 0);
  t.is(await ran(), '1 2 3 4 5 6');
});

test.serial('retries are counted over the death of a controller', async (t) => {
  const { cwd, leave, gpool } = await prepare(t);
  const work =
    'echo x >> ~/tries; [ $GPOOL_ATTEMPT != 2 ] || until [ -e ~/go-1 ]; do sleep 0.3; done; exit 9';
  const tries = async (): Promise<number> =>
    (await readFile(join(cwd, 'tries'), 'utf8').catch(() => '')).length / 2;
  await leave(['run', '--out', 'b', '--retries', '3', '--', work], async () => (await tries()) === 2);
  await writeFile(join(cwd, 'go-1'), '');
  t.is((await gpool('resume', 'b')).code, 1);
  t.is(await tries(), 3);
});

test.serial('a rerun that is killed goes on by resume, with no attempt made twice', async (t) => {
  const { cwd, leave, go, gpool, ran } = await prepare(t);
  await go('1 2', 1);
  t.is((await gpool(...run('1', '2'))).code, 1);
  await rm(join(cwd, 'go-1'));
  await rm(join(cwd, 'go-2'));
  await leave(['rerun', 'b'], async () => (await ran()) === '1 1 2 2');
  await go('1 2');
  t.is((await gpool('resume', 'b')).code, 0);
  t.is(await ran(), '1 1 2 2');
  t.deepEqual(await readdir(join(cwd, 'b/jobs/1')), ['1', '2']);
});

test.serial('attempts go on counting, whatever was removed on the host meanwhile', async (t) => {
  const { cwd, go, gpool, ran } = await prepare(t);
  await go('1', 1);
  t.is((await gpool(...run('1'))).code, 1);
  await rm(join(cwd, '.gjob'), { recursive: true, force: true });
  await go('1');
  t.is((await gpool('rerun', 'b')).code, 0);
  t.is(await ran(), '1 1');
  t.is((await gpool('logs', 'b', '1')).stdout, 'out 1\n');
});
