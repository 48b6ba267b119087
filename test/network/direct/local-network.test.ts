import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { waitFor } from '../../helpers/wait-for.js';
import { localPool, makeAttempt } from './pool.js';

test.serial('a job ends with its own exit code, and both outputs come back byte for byte', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', { commands: ["printf 'a\\0b'", 'echo oops >&2', 'exit 7'] });
  const { outcome, output } = await pool.ended(attempt);
  t.deepEqual(outcome, { kind: 'failed', code: 7 });
  t.like(output, { stdout: true, stderr: true });
  const out = join(pool.directory, 'out');
  const collected = await pool.network.collectJob(attempt, out);
  t.like(collected, { stdoutBytes: 3, stderrBytes: 5, missing: [], skipped: [] });
  t.is(await readFile(join(out, 'stdout'), 'latin1'), 'a\0b');
  t.is(await readFile(join(out, 'stderr'), 'utf8'), 'oops\n');
});

test.serial('a job sees its environment, whatever bytes the values hold', async (t) => {
  const pool = await localPool(t, { names: ['me@lab01'] });
  const value = 'tab\tnewline\nback\\slash \'quote" $HOME %s\r';
  const commands = ['printf "%s|%s|%s" "$ODD" "$GPOOL_HOST" "$GPOOL_SLOT"'];
  const attempt = await pool.launch('1.1', { commands, env: { ODD: value } });
  await pool.ended(attempt);
  t.is((await pool.network.getStdout(attempt)).toString(), `${value}|me@lab01|1`);
});

test.serial(
  'a killed job is cancelled, a waiting one never starts, and killing twice is harmless',
  async (t) => {
    const pool = await localPool(t, { slots: 1 });
    const running = await pool.launch('1.1', { commands: ['sleep 300'] });
    const waiting = await pool.launch('2.1', { commands: ['touch started'] });
    await waitFor(() => pool.count('job.started') === 1);
    await Promise.all([pool.network.killJob(waiting), pool.network.killJob(running)]);
    await pool.network.killJob(running);
    t.is((await pool.ended(running)).outcome.kind, 'cancelled');
    t.is((await pool.ended(waiting)).outcome.kind, 'cancelled');
    t.is(pool.count('job.started'), 1);
  },
);

test.serial('status tells free, busy, paused, done, error and unknown apart', async (t) => {
  const pool = await localPool(t, { slots: 1 });
  const good = await pool.launch('1.1', { commands: ['true'] });
  const bad = await pool.launch('2.1', { commands: ['false'] });
  await Promise.all([pool.ended(good), pool.ended(bad)]);
  const running = await pool.launch('3.1', { commands: ['sleep 300'] });
  const waiting = await pool.launch('4.1', { commands: ['true'] });
  const never = makeAttempt('9.1', {}, ':');
  const all = [good, bad, running, waiting, never];
  const states = async () => [...(await pool.network.getJobStatus(all)).values()];
  await waitFor(() => pool.count('job.started') === 3);
  t.like(await states(), [
    { state: 'done' },
    { state: 'error', outcome: { kind: 'failed', code: 1 } },
    { state: 'busy', paused: false },
    { state: 'free' },
    { state: 'unknown' },
  ]);
  await pool.network.pauseJob(running);
  await waitFor(async () =>
    JSON.stringify((await states())[2]).startsWith('{"state":"busy","paused":true,"ranMs":'),
  );
  await pool.network.unpauseJob(running);
  await waitFor(async () =>
    JSON.stringify((await states())[2]).startsWith('{"state":"busy","paused":false,"ranMs":'),
  );
  await pool.network.killJob(running);
  t.is((await pool.ended(waiting)).outcome.kind, 'succeeded');
});

test.serial('a time limit is enforced on the host', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', { commands: ['sleep 300'], limits: { timeoutSecs: 1 } });
  t.is((await pool.ended(attempt)).outcome.kind, 'timed-out');
});

test.serial('a running attempt cannot be deleted; an ended one leaves nothing', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', { commands: ['sleep 300'] });
  await waitFor(() => pool.count('job.started') === 1);
  await t.throwsAsync(pool.network.deleteJob(attempt), { code: 'E_COMMAND' });
  await pool.network.killJob(attempt);
  await pool.ended(attempt);
  await pool.network.deleteJob(attempt);
  t.deepEqual([...(await pool.network.getJobStatus([attempt])).values()], [{ state: 'unknown', gone: true }]);
  t.deepEqual(await readdir(join(pool.directory, 'root/%3a/b1/work/0')), []);
});

test.serial('the same attempt launched many times runs once', async (t) => {
  const pool = await localPool(t);
  const spec = { commands: ['echo x >> ../../../../../witness'] };
  await Promise.all(Array.from({ length: 50 }, () => pool.launch('1.1', spec)));
  await pool.ended(makeAttempt('1.1', {}, ':'));
  const last = await pool.launch('2.1', spec);
  await pool.ended(last);
  t.is(await readFile(join(pool.directory, 'root/witness'), 'utf8').catch(() => ''), 'x\nx\n');
});

test.serial(
  '200 jobs come through in order and whole, on one machine that stands for two hosts',
  async (t) => {
    const pool = await localPool(t, { names: ['a', 'b'] });
    const attempts = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        pool.launch(`${at + 1}.1`, { commands: ['echo "$GPOOL_JOB $GPOOL_HOST"'] }, at % 2 ? 'b' : 'a'),
      ),
    );
    await Promise.all(attempts.map((attempt) => pool.ended(attempt)));
    const out = (job: string) => join(pool.directory, 'out', job);
    await Promise.all(attempts.map((attempt) => pool.network.collectJob(attempt, out(attempt.job))));
    const texts = await Promise.all(attempts.map(({ job }) => readFile(join(out(job), 'stdout'), 'utf8')));
    t.deepEqual(
      texts,
      attempts.map(({ job, host }) => `${job} ${host}\n`),
    );
  },
);

test.serial('an output of many megabytes arrives whole', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', { commands: ['yes 0123456789abcde | head -c 50000000'] });
  await pool.ended(attempt);
  const out = join(pool.directory, 'out');
  t.is((await pool.network.collectJob(attempt, out)).stdoutBytes, 50_000_000);
  const text = await readFile(join(out, 'stdout'));
  t.is(text.length, 50_000_000);
  t.true(text.equals(Buffer.alloc(50_000_000, '0123456789abcde\n')));
  t.is((await pool.network.getStdout(attempt, { from: 16, maxBytes: 5 })).toString(), '01234');
});

test.serial('a quiet job without returns leaves no directory and asks nothing', async (t) => {
  const pool = await localPool(t);
  const attempt = await pool.launch('1.1', { commands: ['true'] });
  await pool.ended(attempt);
  const collected = await pool.network.collectJob(attempt, join(pool.directory, 'out'));
  t.deepEqual(collected, { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] });
  await t.throwsAsync(stat(join(pool.directory, 'out')), { code: 'ENOENT' });
});

test.serial('jobs run at the niceness of their host', async (t) => {
  const pool = await localPool(t, { nice: 7 });
  const attempt = await pool.launch('1.1', { commands: ['nice'] });
  await pool.ended(attempt);
  // On top of what the tests themselves run at.
  t.is((await pool.network.getStdout(attempt)).toString(), `${Math.min(19, 7 + getPriority())}\n`);
});

test.serial(
  'closing with cleanup removes the batch and ends the agent; the cache and the helper stay',
  async (t) => {
    const pool = await localPool(t);
    await writeFile(join(pool.directory, 'in.txt'), 'x');
    const attempt = await pool.launch('1.1', {
      files: [{ source: 'in.txt', target: 'in.txt' }],
      commands: ['cat in.txt'],
    });
    await pool.ended(attempt);
    await pool.network.collectJob(attempt, join(pool.directory, 'out'));
    await pool.network.close({ cleanup: true });
    t.deepEqual((await readdir(join(pool.directory, 'root'))).sort(), ['bin', 'cache']);
  },
);

test.serial(
  'a root that others can write to, or that cannot be made, fails the host and nothing else',
  async (t) => {
    const pool = await localPool(t);
    await mkdir(join(pool.directory, 'open'), { mode: 0o777 });
    await chmod(join(pool.directory, 'open'), 0o777);
    await writeFile(join(pool.directory, 'file'), '');
    for (const root of ['open', 'file']) {
      const other = await localPool(t, { resultsDir: join(pool.directory, root) });
      const [event] = other.events;
      t.is(event?.type, 'host.failed');
      if (event?.type === 'host.failed') t.is(event.fault.code, 'E_ROOT');
      await t.throwsAsync(other.launch('1.1', {}), { code: 'E_ROOT' });
    }
  },
);

test.serial('an attempt whose id the helper would not take is refused before anything is sent', async (t) => {
  const pool = await localPool(t);
  for (const id of ['j1.1', '1', '1.x', '7.1.1', '../1.1'])
    await t.throwsAsync(pool.launch(id, { commands: ['touch ran'] }), {
      code: 'E_SPEC',
      message: /attempt id/,
    });
  const attempt = makeAttempt('1.1', {}, ':');
  await t.throwsAsync(pool.network.killJob({ ...attempt, id: 'j1.1' }), { code: 'E_SPEC' });
  t.is(pool.count('job.started'), 0);
});
