import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** Says that it runs and where, and waits for `go-<n>` or `go`. */
const WORK =
  'echo "$GPOOL_HOST" > $DIR/on-{}; until [ -e $DIR/go-{} ] || [ -e $DIR/go ]; do sleep 0.3; done; echo "$GPOOL_HOST"';

async function prepare(t: ExecutionContext, names: readonly string[]) {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names });
  t.teardown(() => pool.close());
  const release = () => writeFile(join(cwd, 'go'), '');
  t.teardown(release);
  const gpool = async (...args: string[]) => runGpool(args, { cwd });
  const where = (job: number) =>
    readFile(join(cwd, `on-${job}`), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  // The file is there before its line is.
  const started = (job: number) =>
    waitFor(async () => (await where(job)) !== '', { limitMs: 60_000, what: `the start of job ${job}` });
  return {
    cwd,
    pool,
    gpool,
    where,
    started,
    release,
    go: (job: number) => writeFile(join(cwd, `go-${job}`), ''),
  };
}

test.serial(
  'a held host goes on with what it runs and gets nothing more; once released it does',
  async (t) => {
    const { cwd, pool, gpool, where, started, release, go } = await prepare(t, ['a', 'b']);
    const hosts = ['-F', pool.sshConfig, '-S', 'a,b', '-j', '1'];
    const command = ['--', WORK.replaceAll('$DIR', cwd), ':::', '1', '2', '3', '4'];
    const run = finish(
      startGpool(['run', ...hosts, '--out', 'batch', '--placement', 'pack', ...command], { cwd }),
    );
    await started(1);
    await started(2);
    const onB = (await where(1)) === 'b' ? 1 : 2;

    const held = await gpool('hosts', 'hold', 'batch', 'b', '--reason', 'Ann needs it');
    t.is(held.code, 0, held.stderr);
    t.regex(held.stderr, /b held/);
    t.regex((await gpool('status', 'batch')).stdout, /held: Ann needs it/);
    const whyHost = JSON.parse((await gpool('why', 'batch', 'b', '--json')).stdout);
    t.like(whyHost, { kind: 'host', reason: 'held' });
    const whyJob = await gpool('why', 'batch', '4');
    t.regex(whyJob.stdout, /^job 4 .*taken.*b held: Ann needs it\./s);

    await go(onB);
    await go(3 - onB);
    await started(3);
    t.is(await where(3), 'a');
    const stillHeld = JSON.parse((await gpool('why', 'batch', '4', '--json')).stdout);
    t.is(stillHeld.reason, 'queued');
    t.false(existsSync(join(cwd, 'on-4')));

    t.is((await gpool('hosts', 'release', 'batch', 'b')).code, 0);
    await started(4);
    t.is(await where(4), 'b');
    await release();
    const { code, stderr } = await run;
    t.is(code, 0, stderr);
  },
);

test.serial(
  'hosts join and leave a batch that runs, and nothing of ours stays on one that left',
  async (t) => {
    const { cwd, pool, gpool, where, started, release, go } = await prepare(t, ['a', 'b']);
    const hosts = ['-F', pool.sshConfig, '-S', 'a', '-j', '1'];
    const command = ['--', WORK.replaceAll('$DIR', cwd), ':::', '1', '2', '3'];
    const run = finish(startGpool(['run', ...hosts, '--out', 'batch', ...command], { cwd }));
    await started(1);
    const added = await gpool('hosts', 'add', 'batch', '1/b');
    t.is(added.code, 0, added.stderr);
    await started(2);
    t.is(await where(2), 'b');
    const logs = await gpool('logs', 'batch', '2');
    t.is(logs.code, 0, logs.stderr);

    t.is((await gpool('hosts', 'drain', 'batch', 'b')).code, 0);
    await go(2);
    const hasLeft = async () =>
      /"name":"b","state":"done"/.test((await gpool('status', 'batch', '--json')).stdout);
    await waitFor(hasLeft, { limitMs: 60_000, what: 'b to be let go of' });
    const home = pool.hosts.find(({ name }) => name === 'b')?.home ?? '';
    const isClean = async () => {
      // It may be going just now.
      const left = await readdir(join(home, '.gjob'), { recursive: true }).catch(() => null);
      return left !== null && !left.some((path) => path.includes('agent') || path.includes('events'));
    };
    await waitFor(isClean, { limitMs: 60_000, what: 'the directory of the batch on b to go' });
    const again = await gpool('hosts', 'hold', 'batch', 'b');
    t.is(again.code, 2);
    t.regex(again.stderr, /let go of.*gpool hosts add BATCH b/s);

    await release();
    const { code, stdout, stderr } = await run;
    t.is(code, 0, stderr);
    t.is(stdout.split('\n').sort().join(' ').trim(), 'a a b');
  },
);

test.serial('a host that is removed now loses what it runs to the others', async (t) => {
  const { cwd, pool, gpool, where, started, release } = await prepare(t, ['a', 'b']);
  const hosts = ['-F', pool.sshConfig, '-S', 'a,b', '-j', '1'];
  const command = ['--', WORK.replaceAll('$DIR', cwd), ':::', '1', '2'];
  const run = finish(startGpool(['run', ...hosts, '--out', 'batch', ...command], { cwd }));
  await started(1);
  await started(2);
  const onB = (await where(1)) === 'b' ? 1 : 2;
  const removed = await gpool('hosts', 'remove', 'batch', 'b', '--now', '--reason', 'sold');
  t.is(removed.code, 0, removed.stderr);
  await release();
  const { code, stdout, stderr } = await run;
  t.is(code, 0, stderr);
  t.is(stdout, 'a\na\n');
  t.is(await where(onB), 'a');
});

test.serial(
  'hosts of a batch that nobody runs are changed in its journal, and resume goes by it',
  async (t) => {
    const { cwd, pool, gpool, where, started, release } = await prepare(t, ['a', 'b']);
    const hosts = ['-F', pool.sshConfig, '-S', 'a', '-j', '1'];
    const command = ['--', WORK.replaceAll('$DIR', cwd), ':::', '1', '2', '3'];
    const child = startGpool(['run', ...hosts, '--out', 'batch', ...command], { cwd });
    const run = finish(child);
    await started(1);
    child.kill('SIGKILL');
    await run;

    t.regex((await gpool('why', 'batch', '2')).stdout, /Nobody runs the batch now.*gpool resume/s);
    const drained = await gpool('hosts', 'drain', 'batch', 'a', '--reason', 'repairs');
    t.is(drained.code, 0, drained.stderr);
    t.regex(drained.stderr, /gpool resume batch/);
    t.is((await gpool('hosts', 'add', 'batch', '1/b')).code, 0);
    t.regex((await gpool('status', 'batch')).stdout, /draining: repairs/);

    const resumed = finish(startGpool(['resume', 'batch'], { cwd }));
    await started(2);
    await release();
    const { code, stdout, stderr } = await resumed;
    t.is(code, 0, stderr);
    t.deepEqual([await where(1), await where(2), await where(3)], ['a', 'b', 'b']);
    t.regex(stdout, /b/);
    const status = JSON.parse((await gpool('status', 'batch', '--json')).stdout);
    t.is(status.hosts[0].state, 'done', 'what ran on the draining host was collected, and it was let go of');
  },
);

test.serial('a host is removed now also when nobody runs the batch: what ran there is ended', async (t) => {
  const { cwd, pool, gpool, started, where } = await prepare(t, ['a', 'b']);
  const hosts = ['-F', pool.sshConfig, '-S', 'a', '-j', '1'];
  const work = `trap 'touch ${cwd}/ended' EXIT TERM; ${WORK.replaceAll('$DIR', cwd)}`;
  const child = startGpool(['run', ...hosts, '--out', 'batch', '--', work, ':::', '1'], { cwd });
  const run = finish(child);
  await started(1);
  child.kill('SIGKILL');
  await run;
  t.is((await gpool('hosts', 'add', 'batch', '1/b')).code, 0);
  const removed = await gpool('hosts', 'remove', 'batch', 'a', '--now');
  t.is(removed.code, 0, removed.stderr);
  await waitFor(() => existsSync(join(cwd, 'ended')), { limitMs: 60_000, what: 'the end of the job on a' });
  await writeFile(join(cwd, 'go'), '');
  const resumed = await gpool('resume', 'batch');
  t.is(resumed.code, 0, resumed.stderr);
  t.is(await where(1), 'b');
});

test.serial('orders about hosts that the batch does not have are refused, and change nothing', async (t) => {
  const { cwd, gpool } = await prepare(t, ['a']);
  const run = await runGpool(['run', '--out', 'batch', '--', 'true', ':::', '1'], { cwd });
  t.is(run.code, 0, run.stderr);
  const before = await readFile(join(cwd, 'batch/journal.jsonl'), 'utf8');
  const { code, stderr } = await gpool('hosts', 'drain', 'batch', 'lab99');
  t.is(code, 2);
  t.regex(stderr, /there is no host "lab99" in batch.*gpool status/s);
  t.is(await readFile(join(cwd, 'batch/journal.jsonl'), 'utf8'), before);
});

test.serial('the hosts file is read again when it changes, and a broken one changes nothing', async (t) => {
  const { cwd, pool, gpool, where, started, release, go } = await prepare(t, ['a', 'b']);
  const file = join(cwd, 'hosts.txt');
  await writeFile(file, '1/a\n');
  const command = ['--', WORK.replaceAll('$DIR', cwd), ':::', '1', '2', '3'];
  const child = startGpool(['run', '-F', pool.sshConfig, '--slf', file, '--out', 'batch', ...command], {
    cwd,
  });
  let told = '';
  child.stderr?.on('data', (text) => {
    told += text;
  });
  const run = finish(child);
  await started(1);

  await writeFile(file, '1/a\n4/b:x\n');
  await waitFor(() => told.includes('the pool stays as it is'), { limitMs: 60_000, what: 'the complaint' });
  t.regex(told, /hosts\.txt:2: .*impossible port.*E_HOST_SYNTAX/);

  await writeFile(file, '1/a\n1/b\n');
  await started(2);
  t.is(await where(2), 'b');

  await writeFile(file, '1/a\n');
  const drains = async () => (await gpool('status', 'batch')).stdout.includes('draining: not in');
  await waitFor(drains, { limitMs: 60_000, what: 'b to drain' });
  await go(2);
  await release();
  const { code, stderr } = await run;
  t.is(code, 0, stderr);
  t.is(await where(3), 'a');
});
