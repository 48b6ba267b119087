import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { hostId } from '../../src/spec/host.js';
import { finish, type GpoolRun, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const LIMIT_MS = 60_000;
const EARLY = ['1', '2', '3', '4', '5', '6'];
/** Leaves its input, changed, a file that nobody asked for, a result and an output; from the 7th on it waits for a word before. */
const WORK = [
  'echo {} >> ~/ran',
  'echo {} >> in.txt',
  'mkdir kept; echo {} > kept/out.txt; echo bulk > bulk',
  '[ {} -lt 7 ] || until [ -e ~/go ]; do sleep 0.3; done',
  'echo said {}',
].join('; ');

/** A home with a batch in it on this machine, of jobs that wait and jobs that do not. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  await writeFile(join(cwd, 'in.txt'), 'input\n');
  const files = ['--file', 'in.txt', '--return', 'kept'];
  const args = ['run', '-S', '2/:', '--out', 'b', ...files, '--', WORK, ':::', ...EARLY, '7', '8'];
  const root = join(cwd, '.gjob', hostId(':'));
  /** What is left of the jobs: a working directory each, and one for the script. */
  const left = async () => {
    const [batch = ''] = await readdir(root).catch(() => []);
    return (await readdir(join(root, batch, 'work/0')).catch(() => [])).sort();
  };
  const journal = join(cwd, 'b/journal.jsonl');
  return {
    cwd,
    journal,
    start: (...more: string[]) => startGpool([...args.slice(0, 5), ...more, ...args.slice(5)], { cwd }),
    gpool: (...words: string[]) => runGpool(words, { cwd }),
    left,
    cleared: () =>
      waitFor(async () => `${await left()}` === '7.1,7.1.job,8.1,8.1.job', {
        limitMs: LIMIT_MS,
        what: 'clearing',
      }),
    go: () => writeFile(join(cwd, 'go'), ''),
    ran: async () => (await readFile(join(cwd, 'ran'), 'utf8')).trim().split('\n').sort().join(' '),
  };
}

async function checkResults(t: ExecutionContext, cwd: string, { code, stderr }: GpoolRun): Promise<void> {
  t.is(code, 0, stderr);
  for (const job of [...EARLY, '7', '8']) {
    t.is(await readFile(join(cwd, `b/jobs/${job}/1/stdout`), 'utf8'), `said ${job}\n`);
    t.is(await readFile(join(cwd, `b/jobs/${job}/1/kept/out.txt`), 'utf8'), `${job}\n`);
  }
}

test.serial('what jobs left goes from their host while others run there', async (t) => {
  const { cwd, start, cleared, go, ran } = await prepare(t);
  const ended = finish(start());
  await cleared();
  await go();
  await checkResults(t, cwd, await ended);
  t.is(await ran(), '1 2 3 4 5 6 7 8');
});

test.serial('a controller that comes back runs nothing again that was cleared', async (t) => {
  const { cwd, start, gpool, cleared, go, ran } = await prepare(t);
  const child = start();
  const ended = finish(child);
  await cleared();
  child.kill('SIGKILL');
  await ended;
  t.is((await gpool('logs', 'b', '3')).stdout, 'said 3\n');
  await go();
  await checkResults(t, cwd, await gpool('resume', 'b'));
  t.is(await ran(), '1 2 3 4 5 6 7 8');
});

test.serial('a damaged journal costs nothing of what was cleared', async (t) => {
  const { cwd, journal, start, gpool, cleared, go, ran } = await prepare(t);
  const child = start();
  const ended = finish(child);
  await cleared();
  child.kill('SIGKILL');
  await ended;
  const lines = (await readFile(journal, 'utf8')).split('\n');
  const spoil = (line: string): string => (/"job\.(ended|done)"/.test(line) ? line.replace('"', "'") : line);
  await writeFile(journal, lines.map(spoil).join('\n'));
  await go();
  await checkResults(t, cwd, await gpool('resume', '--salvage', 'b'));
  t.is(await ran(), '1 2 3 4 5 6 7 8');
  const events = (await readFile(journal, 'utf8')).split('\n').filter((line) => line.includes('"job.done"'));
  t.is(events.length, 8);
  t.true(events.every((line) => line.includes('{"path":"kept/out.txt"')));
});

test.serial('--keep-failed keeps what failed, and what is tried again', async (t) => {
  const { cwd, left, gpool } = await prepare(t);
  const work = 'echo x > trace; [ {} = 2 ] || exit 3; until [ -e ~/go ]; do sleep 0.3; done';
  const words = ['--keep-failed', '--retries', '2', '--out', 'b', '--', `${work}`, ':::', '1', '2', '3'];
  const ended = gpool('run', '-S', '2/:', ...words);
  await waitFor(async () => (await left()).length === 8, { limitMs: LIMIT_MS, what: 'all attempts' });
  await writeFile(join(cwd, 'go'), '');
  t.is((await ended).code, 1);
  for (const attempt of ['1.1', '1.2', '3.1', '3.2']) t.true((await left()).includes(attempt), attempt);
  await gpool('gc', '--force', 'b');
});

test.serial('the output of a job that waits for its next try is shown', async (t) => {
  const { cwd, left, gpool } = await prepare(t);
  const child = startGpool(
    ['run', '-S', '2/:', '--retries', '2', '--retry-delay', '1h', '--out', 'b', '--', 'echo why; exit 3'],
    { cwd },
  );
  t.teardown(() => child.kill('SIGKILL'));
  await waitFor(() => access(join(cwd, 'b/jobs/1/1/stdout')).then(...YES_NO), { limitMs: LIMIT_MS });
  await waitFor(async () => (await left()).length === 0, { limitMs: LIMIT_MS, what: 'clearing' });
  t.is((await gpool('logs', 'b', '1')).stdout, 'why\n');
  await gpool('cancel', 'b');
});

const YES_NO = [() => true, () => false] as const;
