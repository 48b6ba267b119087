import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { type GpoolRun, runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { sshdTest } from '../helpers/tiers.js';

test.serial('a hard halt ends what runs with exit code 5 and one line that says why', async (t) => {
  const cwd = await tempDir(t);
  const script = 'case {} in 1) exit 7;; *) sleep 300;; esac';
  const { code, stderr } = await runGpool(
    ['run', '-j2', '--halt', 'now,fail=1', '--', script, ':::', '1', '2', '3'],
    { cwd },
  );
  t.is(code, 5, stderr);
  const why =
    'stopped: halt rule now,fail=1: 1 of 3 jobs failed, the last one job 1 (1) on this machine: exit code 7';
  t.is(stderr.split(why).length, 2, stderr);
  t.regex(stderr, /go on with `gpool resume/);
});

test.serial('a soft halt collects what runs, and the batch can be gone on with', async (t) => {
  const cwd = await tempDir(t);
  const script = 'case {} in 1) exit 7;; 2) sleep 2; echo got 2;; *) echo got {};; esac';
  const { code, stdout } = await runGpool(
    ['run', '-j2', '--halt', '1', '--', script, ':::', '1', '2', '3', '4'],
    { cwd },
  );
  t.is(code, 5);
  t.regex(stdout, /^got 2$/m);
  const resumed = await runGpool(['resume'], { cwd });
  t.is(resumed.code, 1, resumed.stderr);
  t.regex(resumed.stderr, /4 jobs: 3 done, 1 failed/);
});

test.serial(
  'a batch in which no command is found stops at once and says so; never lets it run',
  async (t) => {
    const cwd = await tempDir(t);
    const jobs = Array.from({ length: 400 }, (_, at) => String(at));
    const stopped = await runGpool(['run', '-j1', '--quiet', '--', 'no-such-command', ':::', ...jobs], {
      cwd,
    });
    t.is(stopped.code, 5, stopped.stderr);
    t.regex(
      stopped.stderr,
      /none of the first \d+ launches came to anything: \d+× exit code 127 on this machine/,
    );
    t.regex(stopped.stderr, /not started/);
    const all = await runGpool(
      ['run', '-j1', '--quiet', '--halt', 'never', '--', 'no-such-command', ':::', ...jobs.slice(0, 20)],
      { cwd },
    );
    t.is(all.code, 1);
    t.regex(all.stderr, /20 jobs: 0 done, 20 failed/);
  },
);

test.serial(
  'a batch file says how its jobs are tried again, and the command line goes before it',
  async (t) => {
    const cwd = await tempDir(t);
    await writeFile(
      join(cwd, 'batch.yaml'),
      [
        'command: echo >> ~/tries; exit 75',
        'retries: 3',
        'retryOn: [75]',
        'retryDelay: 0.1s',
        'halt: soon,fail=5',
        'limits: { timeout: 10m, signal: USR1@60 }',
      ].join('\n'),
    );
    const count = async (...flags: string[]): Promise<number> => {
      await writeFile(join(cwd, 'tries'), '');
      const { code, stderr } = await runGpool(['run', ...flags, 'batch.yaml'], { cwd });
      t.is(code, 1, stderr);
      return (await readFile(join(cwd, 'tries'), 'utf8')).length;
    };
    t.is(await count(), 3);
    t.is(await count('--retries', '2'), 2);
    t.is(await count('--never-retry', '75'), 1);
  },
);

test.serial('a job gets its signal before the time limit, and what it saved goes on elsewhere', async (t) => {
  const cwd = await tempDir(t);
  const script = [
    'if [[ -e ~/saved ]]; then echo went on with $(< ~/saved); exit; fi',
    'trap "echo step 7 > ~/saved; exit 99" USR1',
    'for i in {1..300}; do sleep 0.1; done',
  ].join('; ');
  const { code, stdout, stderr } = await runGpool(
    ['run', '--timeout', '20', '--signal', 'USR1@18', '--', script],
    { cwd },
  );
  t.is(code, 0, stderr);
  t.is(stdout, 'went on with step 7\n');
});

test.serial('a job that runs far longer than the median is ended', async (t) => {
  const cwd = await tempDir(t);
  const { code, stderr } = await runGpool(
    ['run', '-j4', '--timeout', '300%', '--', 'sleep', ':::', '0.5', '0.5', '0.5', '300'],
    { cwd },
  );
  t.is(code, 1, stderr);
  t.regex(stderr, /timed out: job 4/);
});

test.serial('a job that exits 99 on one host ends well on another', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  const script = 'if [[ $GPOOL_HOST == lab01 ]]; then exit 99; fi; echo on $GPOOL_HOST';
  const { code, stdout, stderr } = await runGpool(
    [
      'run',
      '-F',
      pool.sshConfig,
      '-S',
      '2/lab01,1/lab02',
      '--placement',
      'pack',
      '-k',
      '--',
      script,
      ':::',
      '1',
      '2',
      '3',
    ],
    { cwd },
  );
  t.is(code, 0, stderr);
  t.is(stdout, 'on lab02 1\non lab02 2\non lab02 3\n');
});

/** Runs the same words with GNU parallel and with gpool, and answers which jobs ended how: `number exit-value`. */
async function runBoth(cwd: string, flags: readonly string[], words: readonly string[]) {
  const theirs = await new Promise<number>((resolve) => {
    const args = ['--will-cite', '--joblog', 'theirs.tsv', ...flags, ...words];
    execFile('parallel', args, { cwd, env: { PATH: process.env.PATH, HOME: cwd } }, (error) =>
      resolve(typeof error?.code === 'number' ? error.code : 0),
    );
  });
  const ours: GpoolRun = await runGpool(['run', '--joblog', 'ours.tsv', ...flags, '--', ...words], { cwd });
  const read = async (name: string): Promise<string[]> => {
    if (!existsSync(join(cwd, name))) return [];
    const [, ...lines] = (await readFile(join(cwd, name), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => `${line.split('\t')[0]} ${line.split('\t')[6]}`).sort();
  };
  return {
    theirs: { code: theirs, ended: await read('theirs.tsv') },
    ours: { ...ours, ended: await read('ours.tsv') },
  };
}

/** Longer than jobs that are handed over ahead. */
const SCRIPT = 'sleep 1.1; exit {}';
const HALTS: readonly [string, string[]][] = [
  ['now,fail=1', ['0', '3', '0', '0']],
  ['soon,fail=2', ['1', '0', '2', '0']],
  ['soon,fail=50%', ['1', '2', '0', '0']],
  ['now,success=1', ['1', '0', '0', '0']],
  ['soon,done=2', ['1', '0', '0', '0']],
  ['never', ['1', '0', '2']],
];

for (const [rule, codes] of HALTS) {
  sshdTest(`--halt ${rule} runs the same jobs as with GNU parallel`, async (t) => {
    const cwd = await tempDir(t);
    const { theirs, ours } = await runBoth(cwd, ['-j1', '--halt', rule], [SCRIPT, ':::', ...codes]);
    t.true(theirs.ended.length > 0);
    t.deepEqual(ours.ended, theirs.ended, ours.stderr);
    t.is(ours.code, rule === 'never' ? 1 : 5);
  });
}

sshdTest('--retries tries as often as GNU parallel does', async (t) => {
  for (const enough of [2, 9]) {
    const cwd = await tempDir(t);
    const script = `echo >> ~/tries; [ $(wc -l < ~/tries) -ge ${enough} ]`;
    const tries = async (run: () => Promise<unknown>): Promise<number> => {
      await writeFile(join(cwd, 'tries'), '');
      await run();
      return (await readFile(join(cwd, 'tries'), 'utf8')).length;
    };
    const env = { PATH: process.env.PATH, HOME: cwd };
    const theirs = await tries(
      () =>
        new Promise((resolve) => {
          execFile('parallel', ['--will-cite', '--retries', '3', script, ':::', 'x'], { cwd, env }, resolve);
        }),
    );
    const ours = await tries(() => runGpool(['run', '--retries', '3', '--', script, ':::', 'x'], { cwd }));
    t.is(ours, theirs);
  }
});
