import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { askManager } from '../../src/batch/control-client.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { startReachableHost } from '../helpers/reachable-host.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { waitingJob } from '../helpers/waiting-job.js';

test.serial(
  'a paused batch rests, also when its controller is killed and resumed, until it is let go on',
  async (t) => {
    const { cwd, job, args } = await prepare(t);
    const child = startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1', '2'], { cwd });
    const run = finish(child);
    await job.begun('1');
    const paused = await runGpool(['pause', 'b'], { cwd });
    t.is(paused.code, 0, paused.stderr);
    t.regex(paused.stderr, /2 jobs were paused/);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, /1 +\S+ +paused[^\n]*\n.*2 +\S+ +paused/s);
    await rests(cwd);
    child.kill('SIGKILL');
    await run;
    await job.letGo();
    const resumed = finish(startGpool(['resume', 'b', '-k'], { cwd }));
    const directory = new BatchDirectory(join(cwd, 'b'));
    await waitFor(() => askManager(directory, { ask: 'progress' }), {
      limitMs: 60_000,
      what: 'the controller',
    });
    t.regex((await runGpool(['unpause', 'b', '1'], { cwd })).stderr, /1 job was let go on/);
    await waitFor(async () => (await runGpool(['status', 'b'], { cwd })).stdout.includes('1 done'), {
      limitMs: 60_000,
      what: 'the end of the first job',
    });
    t.deepEqual(await job.starts(), ['1']);
    t.is((await runGpool(['unpause', 'b'], { cwd })).code, 0);
    const { code, stdout, stderr } = await resumed;
    t.is(code, 0, stderr);
    t.is(stdout, 'begun 1\ndone 1\nbegun 2\ndone 2\n');
  },
);

test.serial(
  'a job on a host that is away is cancelled when it returns; one that waits never starts',
  async (t) => {
    const { cwd, job, host, args } = await prepare(t);
    const run = finish(
      startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1', '2'], { cwd }),
    );
    await job.begun('1');
    host.cut();
    await waitFor(async () => (await runGpool(['status', 'b'], { cwd })).stdout.includes('1 unknown'), {
      limitMs: 60_000,
      what: 'the loss of the host',
    });
    const cancelled = await runGpool(['cancel', 'b'], { cwd });
    t.is(cancelled.code, 6, cancelled.stderr);
    t.regex(cancelled.stderr, /2 jobs were told to end, 1 of them when 1\/lab01|lab01 can be reached/);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, /1 +\S+ +cancelling/);
    host.mend();
    const { code, stderr } = await run;
    t.is(code, 1, stderr);
    t.regex(stderr, /cancelled: job 1 on/);
    t.regex(stderr, /cancelled before it began: job 2/);
    await job.ended('1');
    t.deepEqual(await job.starts(), ['1']);
  },
);

test.serial(
  'a cancel that no host can hear and no controller can take is done by the next one',
  async (t) => {
    const { cwd, job, host, args } = await prepare(t);
    const child = startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1'], { cwd });
    const run = finish(child);
    await job.begun('1');
    child.kill('SIGKILL');
    await run;
    host.cut();
    const cancelled = await runGpool(['cancel', 'b', '1'], { cwd });
    t.is(cancelled.code, 6, cancelled.stderr);
    t.regex(cancelled.stderr, /E_CONN_LOST|E_CONN_REFUSED|E_NOT_SSH/);
    t.regex(cancelled.stderr, /1 job was told to end, 1 of them when lab01 can be reached; `gpool resume b`/);
    host.mend();
    const resumed = await runGpool(['resume', 'b'], { cwd });
    t.is(resumed.code, 1, resumed.stderr);
    await job.ended('1');
  },
);

test.serial('jobs are meant by number, name or pattern; what means none changes nothing', async (t) => {
  const { cwd, job, args } = await prepare(t);
  const run = finish(
    startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1', 'ab', 'ac', 'x'], { cwd }),
  );
  await job.begun('1');
  const journal = join(cwd, 'b', 'journal.jsonl');
  const before = await waitFor(
    async () => {
      const text = await readFile(journal, 'utf8');
      return text.includes('job.started') && text;
    },
    { limitMs: 60_000, what: 'the news of the start' },
  );
  for (const wrong of [['nope'], ['a*', 'z*'], ['99']]) {
    const { code, stderr } = await runGpool(['cancel', 'b', ...wrong], { cwd });
    t.is(code, 2);
    t.regex(stderr, /no job is called.*E_USAGE/);
  }
  const elsewhere = await runGpool(['cancel', 'b', '--host', 'lab09'], { cwd });
  t.is(elsewhere.code, 2);
  t.regex(elsewhere.stderr, /there is no host "lab09"/);
  t.is(await readFile(journal, 'utf8'), before);
  t.regex((await runGpool(['cancel', 'b', 'a*'], { cwd })).stderr, /2 jobs were told to end/);
  t.regex((await runGpool(['cancel', 'b', 'a?'], { cwd })).stderr, /no job to cancel/);
  t.is((await runGpool(['cap', 'b', '1'], { cwd })).code, 0);
  t.is((await runGpool(['cap', 'b', '0'], { cwd })).code, 2);
  await job.letGo();
  const { code, stdout } = await run;
  t.is(code, 1);
  t.is(stdout, 'begun 1\ndone 1\nbegun x\ndone x\n');
});

async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const host = await startReachableHost(t);
  return { cwd, host, job: waitingJob(cwd), args: ['-F', host.sshConfig, '-S', '1/lab01'] };
}

/** Waits until the first job has done nothing for half a second. */
async function rests(cwd: string): Promise<void> {
  let [size, since] = [-1, performance.now()];
  await waitFor(
    async () => {
      const now = (await readFile(join(cwd, 'beats-1'))).length;
      if (now !== size) [size, since] = [now, performance.now()];
      return performance.now() - since > 500;
    },
    { limitMs: 60_000, what: 'the job to rest' },
  );
}
