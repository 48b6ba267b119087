import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { waitingJob } from '../helpers/waiting-job.js';

const JOBS = Array.from({ length: 12 }, (_, index) => String(index + 1));

test.serial(
  'run --detach hands all jobs over and returns; the hosts go on, and attach brings all home',
  async (t) => {
    const { cwd, job, args } = await prepare(t, ['lab01', 'lab02']);
    const { code, stderr } = await runGpool(
      ['run', '--detach', ...args, '-S', '2/lab01,1/lab02', '--out', 'b', '--', job.command, ':::', ...JOBS],
      { cwd },
    );
    t.is(code, 0, stderr);
    t.regex(
      stderr,
      /12 jobs are with their hosts, which go on by themselves:\n {4}lab0\d: \d+\n {4}lab0\d: \d+/,
    );
    t.regex(stderr, /gpool attach b.*gpool cancel b/);
    t.regex((await runGpool(['status', 'b'], { cwd })).stdout, /stopped \(detached\)/);
    await job.letGo();
    await waitFor(async () => (await job.starts()).length === JOBS.length, {
      limitMs: 60_000,
      what: 'all starts without a controller',
    });
    const attached = await runGpool(['attach', 'b', '-k'], { cwd });
    t.is(attached.code, 0, attached.stderr);
    t.is(attached.stdout, JOBS.map((n) => `begun ${n}\ndone ${n}\n`).join(''));
    t.deepEqual([...(await job.starts())].sort(), [...JOBS].sort());
  },
);

test.serial('a host that cannot be used gets nothing, the others get all', async (t) => {
  const { cwd, job, args } = await prepare(t, ['lab01']);
  const { code, stderr } = await runGpool(
    [
      'run',
      '--detach',
      ...args,
      '-S',
      '1/lab01,1/nowhere.invalid',
      '--out',
      'b',
      '--',
      job.command,
      ':::',
      '1',
      '2',
    ],
    { cwd },
  );
  t.is(code, 0, stderr);
  t.regex(stderr, /nowhere\.invalid.*\n/);
  t.regex(stderr, /2 jobs are with their hosts.*\n {4}lab01: 2\n/);
  const cancelled = await runGpool(['cancel', 'b'], { cwd });
  t.is(cancelled.code, 0, cancelled.stderr);
  await job.ended('1');
  const resumed = await runGpool(['resume', 'b'], { cwd });
  t.is(resumed.code, 1, resumed.stderr);
  t.regex(resumed.stderr, /cancelled/);
  t.deepEqual(await job.starts(), ['1']);
});

test.serial('with no host that can be used nothing is detached', async (t) => {
  const { cwd, args } = await prepare(t, ['lab01']);
  const { code, stderr } = await runGpool(
    ['run', '--detach', ...args, '-S', '1/nowhere.invalid', '--out', 'b', '--', 'true', ':::', '1'],
    { cwd },
  );
  t.is(code, 4, stderr);
});

async function prepare(t: ExecutionContext, names: readonly string[]) {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names });
  t.teardown(() => pool.close());
  return { cwd, job: waitingJob(cwd), args: ['-F', pool.sshConfig] };
}
