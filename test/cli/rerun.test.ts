import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { directoryDigest } from '../helpers/directory-digest.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Notes each run in ~/ran, says what it was given, and ends with the exit code in the file ~/code-N, else 0. */
const WORK = 'echo {1} >> ~/ran; echo out {1}; exit $(cat ~/code-{1} 2>/dev/null || echo 0)';

interface Ground {
  readonly cwd: string;
  gpool(...args: string[]): ReturnType<typeof runGpool>;
  /** Numbers of the jobs that ran, in order, since the last call. */
  ran(): Promise<string>;
}

async function prepare(t: ExecutionContext, codes: Readonly<Record<string, number>>): Promise<Ground> {
  const cwd = await tempDir(t);
  const setCodes = Object.entries(codes).map(([job, code]) =>
    writeFile(join(cwd, `code-${job}`), String(code)),
  );
  await Promise.all(setCodes);
  let seen = 0;
  const ran = async (): Promise<string> => {
    const all = (await readFile(join(cwd, 'ran'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
    const fresh = all.slice(seen).sort().join(' ');
    seen = all.length;
    return fresh;
  };
  return { cwd, ran, gpool: (...args) => runGpool(args, { cwd }) };
}

test.serial(
  'rerun gives the failed jobs new attempts in place, and keeps what the earlier ones left',
  async (t) => {
    const { cwd, gpool, ran } = await prepare(t, { 2: 3, 4: 5 });
    t.is((await gpool('run', '--out', 'b', '--', WORK, ':::', '1', '2', '3', '4')).code, 1);
    t.is(await ran(), '1 2 3 4');
    await writeFile(join(cwd, 'code-2'), '0');
    const { code, stdout, stderr } = await gpool('rerun', 'b', '-k');
    t.is(code, 1, stderr);
    t.is(stdout, 'out 2\nout 4\n');
    t.is(await ran(), '2 4');
    t.deepEqual(await readdir(join(cwd, 'b/jobs/2')), ['1', '2']);
    t.deepEqual(await readdir(join(cwd, 'b/jobs/1')), ['1']);
    const { counts, jobs } = JSON.parse((await gpool('status', 'b', '--json')).stdout);
    t.deepEqual(counts, { free: 0, busy: 0, done: 3, unknown: 0, error: 1 });
    t.deepEqual(
      jobs.map(({ attempts }: { attempts: number }) => attempts),
      [1, 2, 1, 2],
    );
    t.is((await gpool('rerun', 'b')).code, 1);
    t.is(await ran(), '4');
    t.deepEqual(await readdir(join(cwd, 'b/jobs/4')), ['1', '2', '3']);
  },
);

test.serial('rerun takes of the failed jobs those that are selected', async (t) => {
  const { gpool, ran } = await prepare(t, { 0.1: 3, 0.2: 5 });
  await gpool('run', '--out', 'b', '--header', ':', '--', WORK, ':::', 'lr', '0.1', '0.2', '0.3');
  await ran();
  t.is((await gpool('rerun', 'b', '--exit', '5')).code, 1);
  t.is(await ran(), '0.2');
  t.is((await gpool('rerun', 'b', '--where', 'lr=0.10')).code, 1);
  t.is(await ran(), '0.1');
  t.is((await gpool('rerun', 'b', '--job', '3')).code, 1);
  t.is(await ran(), '0.3');
  t.is((await gpool('rerun', 'b', '--all', '--host', ':')).code, 1);
  t.is(await ran(), '0.1 0.2 0.3');
});

test.serial('rerun --dry-run lists what it would run and why, and changes nothing', async (t) => {
  const { cwd, gpool, ran } = await prepare(t, { 2: 3 });
  await gpool('run', '--out', 'b', '--', WORK, ':::', '1', '2');
  await ran();
  const before = await directoryDigest(join(cwd, 'b'));
  const { code, stdout } = await gpool('rerun', 'b', '--all', '--dry-run');
  t.is(code, 0);
  const rows = stdout.trimEnd().split('\n').sort();
  t.regex(rows[0] ?? '', /^1\t1\tdone before\tran \d+\.\ds$/);
  t.regex(rows[1] ?? '', /^2\t2\tfailed before: exit code 3\tran \d+\.\ds$/);
  t.is(await ran(), '');
  t.is(await directoryDigest(join(cwd, 'b')), before);
});

test.serial(
  'rerun --out makes a new batch of the selected jobs and leaves the old one as it is',
  async (t) => {
    const { cwd, gpool, ran } = await prepare(t, { 2: 3 });
    await gpool('run', '--out', 'b', '--', WORK, ':::', '1', '2', '3');
    await ran();
    const before = await directoryDigest(join(cwd, 'b'));
    await writeFile(join(cwd, 'code-2'), '0');
    const { code, stdout } = await gpool('rerun', 'b', '--out', 'c');
    t.is(code, 0);
    t.is(stdout, 'out 2\n');
    t.is(await ran(), '2');
    t.is(await directoryDigest(join(cwd, 'b')), before);
    t.is(JSON.parse((await gpool('status', 'c', '--json')).stdout).total, 1);
  },
);

test.serial('a rerun starts what ran longest first, unless it is told to keep the order', async (t) => {
  const { cwd, gpool } = await prepare(t, {});
  const run = ['run', '-j', '1', '--out', 'b', '--', 'echo {1} >> ~/ran; sleep {1}', ':::', '0', '3', '1.5'];
  t.is((await gpool(...run)).code, 0);
  const listed = await gpool('rerun', 'b', '--all', '--dry-run');
  t.deepEqual(namesOf(listed.stdout), ['3', '1.5', '0']);
  t.deepEqual(namesOf((await gpool('rerun', 'b', '--all', '--dry-run', '--order', 'given')).stdout), [
    '0',
    '3',
    '1.5',
  ]);
  t.is((await gpool('rerun', 'b', '--all', '-S', '1/:', '--quiet')).code, 0);
  const ran = (await readFile(join(cwd, 'ran'), 'utf8')).trimEnd().split('\n');
  t.deepEqual(ran, ['0', '3', '1.5', '3', '1.5', '0']);
  const wrong = await gpool('rerun', 'b', '--order', 'shortest');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /longest, given/);
});

function namesOf(listing: string): string[] {
  return listing
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[1] ?? '');
}

test.serial('a rerun counts retries anew', async (t) => {
  const { cwd, gpool, ran } = await prepare(t, { 1: 3 });
  await gpool('run', '--out', 'b', '--retries', '2', '--', WORK, ':::', '1');
  t.is(await ran(), '1 1');
  await gpool('rerun', 'b');
  t.is(await ran(), '1 1');
  t.deepEqual(await readdir(join(cwd, 'b/jobs/1')), ['1', '2', '3', '4']);
});

test.serial('a job that is run again with another input is known by that input afterwards', async (t) => {
  const { cwd, gpool } = await prepare(t, {});
  await writeFile(join(cwd, 'sim'), 'exit $1');
  const run = ['run', '--quiet', '--out', 'b', '--file', 'sim', '--', 'bash sim {}', ':::', '0', '1'];
  t.is((await gpool(...run)).code, 1);
  await writeFile(join(cwd, 'sim'), 'exit 0');
  t.is((await gpool('rerun', 'b', '--quiet')).code, 0);
  const { stderr, stdout } = await gpool('run', '--dry-run', ...run.slice(1));
  t.regex(stderr, /b: 1 unchanged, 1 changed \(inputs: sim\)/);
  t.is(stdout, '1\t0\tchanged (inputs: sim)\n');
});

test.serial('an input that is gone is one clear error before anything is changed', async (t) => {
  const { cwd, gpool } = await prepare(t, {});
  await writeFile(join(cwd, 'sim'), 'exit 1');
  await gpool('run', '--out', 'b', '--file', 'sim', '--', 'bash sim', ':::', '0');
  await rename(join(cwd, 'sim'), join(cwd, 'moved'));
  const before = await directoryDigest(join(cwd, 'b'));
  const { code, stderr } = await gpool('rerun', 'b');
  t.is(code, 3);
  t.regex(stderr, /sim.*E_INPUT_MISSING/);
  t.is(await directoryDigest(join(cwd, 'b')), before);
  t.false(existsSync(join(cwd, 'b/batch-1.json')));
});

test.serial(
  'over SSH, after the hosts were cleaned, inputs go and returns come for the new attempts alone',
  async (t) => {
    const { cwd, gpool } = await prepare(t, {});
    const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
    t.teardown(() => pool.close());
    const hosts = ['-F', pool.sshConfig, '-S', '2/lab01,2/lab02'];
    await writeFile(join(cwd, 'sim'), 'echo one-$1 > out; exit $1');
    const run = ['run', ...hosts, '--quiet', '--out', 'b', '--file', 'sim', '--return', 'out'];
    t.is((await gpool(...run, '--', 'bash sim {}', ':::', '0', '3', '4')).code, 1);
    await writeFile(join(cwd, 'sim'), 'echo two-$1 > out');
    const { code, stderr } = await gpool('rerun', 'b', '-F', pool.sshConfig, '-S', '2/lab02');
    t.is(code, 0, stderr);
    t.is(await readFile(join(cwd, 'b/jobs/2/1/out'), 'utf8').catch(() => 'none'), 'one-3\n');
    t.is(await readFile(join(cwd, 'b/jobs/2/2/out'), 'utf8'), 'two-3\n');
    t.deepEqual(await readdir(join(cwd, 'b/jobs/1')), ['1']);
    const { jobs, counts } = JSON.parse((await gpool('status', 'b', '--json')).stdout);
    t.is(counts.done, 3);
    t.deepEqual(
      jobs.slice(1).map(({ host }: { host: string }) => host),
      ['lab02', 'lab02'],
    );
  },
);
