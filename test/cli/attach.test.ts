import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { waitingJob } from '../helpers/waiting-job.js';

test.serial('two watch a batch from other terminals; one looks away, and the batch goes on', async (t) => {
  const { cwd, job, args } = await prepare(t);
  const run = finish(startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1', '2'], { cwd }));
  await job.begun('1');
  const [one, two] = [
    startGpool(['attach', 'b', '--line-buffer'], { cwd }),
    startGpool(['attach', 'b'], { cwd }),
  ];
  let seen = '';
  one.stdout?.on('data', (text) => {
    seen += text;
  });
  const [watched, left] = [finish(one), finish(two)];
  await waitFor(() => seen.includes('begun 1'), { limitMs: 60_000, what: 'the output of the running job' });
  two.kill('SIGINT');
  const { code, stderr } = await left;
  t.is(code, 130, stderr);
  t.regex(stderr, /the batch goes on; `gpool attach b`/);
  await job.letGo();
  const { code: runCode, stdout: runOutput } = await run;
  t.is(runCode, 0);
  t.is(runOutput, 'begun 1\ndone 1\nbegun 2\ndone 2\n');
  const end = await watched;
  t.is(end.code, 0, end.stderr);
  t.is(end.stdout, runOutput);
  t.regex(end.stderr, /2 jobs: 2 done/);
});

test.serial('attach has the exit code of the batch, also afterwards', async (t) => {
  const { cwd, job, args } = await prepare(t);
  const work = `${job.command}; exit 3`;
  const run = finish(startGpool(['run', ...args, '--out', 'b', '--', work, ':::', '1'], { cwd }));
  await job.begun('1');
  const watcher = startGpool(['attach', 'b', '-k', '--tag'], { cwd });
  const watched = finish(watcher);
  await waitFor(async () => (await runGpool(['status', 'b'], { cwd })).stdout.includes('1 running'), {
    limitMs: 60_000,
    what: 'the status',
  });
  await job.letGo();
  t.is((await run).code, 1);
  const { code, stderr } = await watched;
  t.is(code, 1, stderr);
  t.regex(stderr, /exit code 3: job 1|the batch has ended/);
  const after = await runGpool(['attach', 'b'], { cwd });
  t.is(after.code, 1);
  t.regex(after.stderr, /the batch has ended: 0 done, 1 failed/);
});

test.serial(
  'a watcher says when the controller was killed; attaching then goes on with the batch',
  async (t) => {
    const { cwd, job, args } = await prepare(t);
    const child = startGpool(['run', ...args, '--out', 'b', '--', job.command, ':::', '1', '2'], { cwd });
    const run = finish(child);
    await job.begun('1');
    const watcher = startGpool(['attach', 'b', '--line-buffer'], { cwd });
    const watched = finish(watcher);
    await new Promise<void>((resolve) => watcher.stdout?.once('data', () => resolve()));
    child.kill('SIGKILL');
    await run;
    const { code, stderr } = await watched;
    t.is(code, 3);
    t.regex(stderr, /the controller has gone \(E_CONTROL\).*gpool resume/);
    await job.letGo();
    const again = await runGpool(['attach', 'b', '-k'], { cwd });
    t.is(again.code, 0, again.stderr);
    t.regex(again.stderr, /nobody runs this batch now/);
    t.is(again.stdout, 'begun 1\ndone 1\nbegun 2\ndone 2\n');
    t.deepEqual(await job.starts(), ['1', '2']);
  },
);

async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  return { cwd, job: waitingJob(cwd), args: ['-F', pool.sshConfig, '-S', '1/lab01'] };
}
