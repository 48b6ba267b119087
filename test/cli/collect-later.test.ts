import { chmod, chown, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkLocalCommand } from '../../src/network/shell/commands.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, type GpoolRun, MAIN, runGpool, startGpool } from '../helpers/run-gpool.js';
import { mountSmall, remount } from '../helpers/small-disk.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

/** A way in which this machine cannot take results, for a while. */
interface Trouble {
  readonly title: string;
  /** The batch directory, from the working directory. */
  readonly out?: string;
  /** Before the batch. */
  readonly prepare?: (t: Teardown, cwd: string) => Promise<void>;
  /** What the jobs do on the way, run on this machine, with $B as the batch directory. */
  readonly byJob?: string;
  /** What stands before `gpool run`. */
  readonly under?: readonly string[];
  /** @default nothing has to be done: it was the first run's own */
  readonly repair?: (cwd: string, batch: string) => Promise<void>;
  /** @default 'E_LOCAL_DISK' */
  readonly code?: string;
}

const DEEP = Array.from({ length: 18 }, (_, at) => `${at}`.padEnd(200, 'x')).join('/');

/** Each for any account, on an embedded host: its jobs are not under the limits of the controller. */
const ANYWHERE: readonly Trouble[] = [
  { title: 'a limit of the size of files (EFBIG)', under: ['prlimit', '--fsize=100000'] },
  {
    title: 'a file where the directory of the jobs belongs',
    byJob: 'mkdir -p "$B"; [ -e "$B/jobs" ] || : > "$B/jobs"',
    repair: (_, batch) => rm(join(batch, 'jobs')),
    code: 'E_OUTPUT_UNSAFE',
  },
];

/** Each needs root. */
const AS_ROOT: readonly Trouble[] = [
  {
    title: 'a full disk (ENOSPC)',
    out: 'small/b',
    prepare: (t, cwd) => mountSmall(t, join(cwd, 'small'), 'size=800k'),
    repair: (cwd) => remount(join(cwd, 'small'), 'size=100m'),
  },
  {
    title: 'a disk without inodes',
    out: 'small/b',
    prepare: (t, cwd) => mountSmall(t, join(cwd, 'small'), 'size=100m,nr_inodes=12'),
    repair: (cwd) => remount(join(cwd, 'small'), 'nr_inodes=10000'),
  },
  {
    title: 'a file system that became read-only (EROFS)',
    byJob: '[ -e "$B/jobs" ] || { mkdir "$B/jobs"; mount -t tmpfs -o ro,mode=0700 gpool-test "$B/jobs"; }',
    repair: (_, batch) => remount(join(batch, 'jobs'), 'rw'),
  },
];

const REPEATS = ['1', '2', '3', '4', '5', '6'];
const BYTES = 168_894;

async function tryTrouble(t: ExecutionContext, trouble: Trouble): Promise<void> {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  const { out = 'b', byJob = ':', under = [], code = 'E_LOCAL_DISK' } = trouble;
  const batch = join(cwd, out);
  await trouble.prepare?.(t, cwd);
  t.teardown(() => checkLocalCommand(['umount', '-l', join(batch, 'jobs')]).catch(() => {}));
  const work = `echo {} >> ~/ran; B=${batch}; ${byJob}; seq 30000 > out`;
  const words = ['run', '-F', pool.sshConfig, '-S', '1/lab01', '--out', out, '--return', 'out', '--', work];
  const first = await runUnder(under, [...words, ':::', ...REPEATS], cwd);
  t.is(first.code, 1, first.stderr);
  t.regex(first.stderr, new RegExp(`${code}[\\s\\S]*gpool resume ${out}\` fetches them`));
  t.notRegex(first.stderr, /E_INTERNAL|\n\s+at /);
  const explained = await runGpool(['why', out, '6'], { cwd });
  t.regex(explained.stdout, /has ended on lab01, but its results could not be fetched.*gpool resume/s);

  await trouble.repair?.(cwd, batch);
  const second = await runGpool(['resume', out, '-F', pool.sshConfig], { cwd });
  t.is(second.code, 0, second.stderr);
  t.regex(second.stderr, /6 jobs: 6 done/);
  for (const job of REPEATS) t.is((await readFile(join(batch, `jobs/${job}/1/out`))).length, BYTES);
  const home = pool.hosts[0]?.home ?? '';
  t.is(
    (await readFile(join(home, 'ran'), 'utf8')).trim().split('\n').length,
    REPEATS.length,
    'nothing ran twice',
  );
  t.deepEqual(await readdir(join(home, '.gjob/lab01')).catch(() => []), [], 'the host is clean');
  t.is(await countIn(join(batch, 'journal.jsonl'), '"job.launched"'), REPEATS.length);
  const last = new Map((await joblogRows(batch)).map((row) => [row[0], row[6]]));
  t.deepEqual(
    [...last.values()],
    REPEATS.map(() => '0'),
  );
  // Over for good: no host is asked again.
  await pool.close();
  t.is((await runGpool(['resume', out, '-F', pool.sshConfig], { cwd })).code, 0);
}

for (const trouble of ANYWHERE) {
  test.serial(`what could not be written here for ${trouble.title} stays on its host until it can`, (t) =>
    tryTrouble(t, trouble),
  );
}
for (const trouble of AS_ROOT) {
  sshdTest(`what could not be written here for ${trouble.title} stays on its host until it can`, (t) =>
    tryTrouble(t, trouble),
  );
}

test.serial(
  'a name that is too long here leaves the rest, and what a job said is told with its exit code later',
  async (t) => {
    const cwd = await tempDir(t);
    const out = `${DEEP}/b`;
    const name = 'n'.repeat(250);
    const work = `mkdir -p d/${name}; seq 9 > d/${name}/${name}; seq 5 > out; exit 3`;
    const args = ['--out', out, '--return', 'd', '--return', 'out', '--', work];
    const first = await runGpool(['run', '-S', '1/:', ...args], { cwd });
    t.is(first.code, 1, first.stderr);
    t.regex(first.stderr, /E_LOCAL_DISK.*/);
    t.deepEqual((await readdir(join(cwd, '.gjob', '%3a'))).length, 1, 'the host keeps it');
    t.is((await runGpool(['gc', '-S', ':'], { cwd })).code, 0);
    t.deepEqual((await readdir(join(cwd, '.gjob', '%3a'))).length, 1, 'gc does, too');

    const here = join(cwd, 'short');
    await checkLocalCommand(['mv', join(cwd, DEEP, 'b'), here]);
    const second = await runGpool(['resume', 'short'], { cwd });
    t.is(second.code, 1, second.stderr);
    t.regex(second.stderr, /exit code 3/);
    t.is((await readFile(join(here, 'jobs/1/1/d', name, name), 'utf8')).length, 18);
    t.is(await countIn(join(here, 'journal.jsonl'), '"job.launched"'), 1);
  },
);

sshdTest(
  'a directory that an ordinary user may not write is a fault of this place, not of the job',
  async (t) => {
    const cwd = await tempDir(t);
    await chown(cwd, 65_534, 65_534);
    const work = `[ -e ${cwd}/b/jobs ] || { mkdir ${cwd}/b/jobs; chmod 500 ${cwd}/b/jobs; }; seq 5 > out; : {}`;
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const words = ['run', '-S', '1/:', '--out', 'b', '--return', 'out', '--', work, ':::', '1', '2'];
    const first = await runUnder(nobody, words, cwd);
    t.is(first.code, 1, first.stderr);
    t.regex(first.stderr, /E_LOCAL_DISK[\s\S]*gpool resume b` fetches them/);
    await chmod(join(cwd, 'b/jobs'), 0o700);
    const second = await runUnder(nobody, ['resume', 'b'], cwd);
    t.is(second.code, 0, second.stderr);
    t.is(await readFile(join(cwd, 'b/jobs/2/1/out'), 'utf8'), '1\n2\n3\n4\n5\n');
  },
);

test.serial('a host that cannot be asked keeps what it has, and is asked again', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  const words = [
    '-F',
    pool.sshConfig,
    '-S',
    '1/lab01',
    '--out',
    'b',
    '--return',
    'out',
    '--',
    'seq 30000 > out',
  ];
  await runUnder(['prlimit', '--fsize=100000'], ['run', ...words], cwd);
  await writeFile(join(cwd, 'nobody'), 'Host lab01\n  HostName 127.0.0.1\n  Port 1\n');
  const away = await runGpool(['resume', 'b', '-F', 'nobody'], { cwd });
  t.is(away.code, 1, away.stderr);
  t.regex(away.stderr, /are still with their hosts/);
  t.is((await runGpool(['resume', 'b', '-F', pool.sshConfig], { cwd })).code, 0);
});

function runUnder(under: readonly string[], words: readonly string[], cwd: string): Promise<GpoolRun> {
  const [program, ...args] = under;
  if (program === undefined) return runGpool(words, { cwd });
  return finish(startGpool(words, { cwd, under: [program, ...args, process.execPath, MAIN] }));
}

async function countIn(path: string, text: string): Promise<number> {
  return (await readFile(path, 'utf8')).split(text).length - 1;
}

async function joblogRows(batch: string): Promise<string[][]> {
  const text = await readFile(join(batch, 'joblog.tsv'), 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
}
