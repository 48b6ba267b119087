import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Manager } from '../../src/manager/manager.js';
import { SshNetwork } from '../../src/network/ssh-network.js';
import { Builder } from '../../src/spec/builder.js';
import { type EmbeddedPool, startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

for (const [signal, exitCode] of SIGNALS) {
  test.serial(
    `${signal} leaves what runs running, starts nothing more, and resume brings it all home`,
    async (t) => {
      const { cwd, pool, args } = await prepare(t);
      const child = startGpool(['run', ...args, '-j', '1', '--out', 'b', '--', WORK, ':::', '1', '2', '3'], {
        cwd,
      });
      const ended = finish(child);
      await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the first start' });
      const asked = performance.now();
      child.kill(signal);
      const { code, stderr } = await ended;
      t.true(performance.now() - asked < 10_000);
      t.is(code, exitCode, stderr);
      t.regex(stderr, /lab01: 1/);
      t.regex(stderr, /gpool resume b/);

      await writeFile(join(cwd, 'go'), '');
      const resumed = await runGpool(['resume', 'b', '-k'], { cwd });
      t.is(resumed.code, 0, resumed.stderr);
      t.is(resumed.stdout, '1\n2\n3\n');
      t.is(await readFile(join(cwd, 'starts'), 'utf8'), '1\n2\n3\n');
      t.truthy(pool);
    },
  );
}

test.serial('a second interrupt ends the jobs on their hosts', async (t) => {
  const { cwd, args } = await prepare(t);
  const child = startGpool(
    ['run', ...args, '--out', 'b', '--', `trap 'touch ${cwd}/ended' EXIT TERM; ${WORK}`, ':::', '1'],
    { cwd },
  );
  const ended = finish(child);
  await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
  let told = '';
  child.stderr?.on('data', (text) => {
    told += text;
  });
  child.kill('SIGINT');
  // Two signals that come before the first was taken are one.
  await waitFor(() => told.includes('nothing more is started'), {
    limitMs: 60_000,
    what: 'the first answer',
  });
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.is(code, 130, stderr);
  await waitFor(() => existsSync(join(cwd, 'ended')), { limitMs: 60_000, what: 'the end of the job' });
  t.pass();
});

test.serial(
  'a batch has one controller: a second is refused by name, until the first one is killed',
  async (t) => {
    const { cwd, args } = await prepare(t);
    const child = startGpool(['run', ...args, '--out', 'b', '--', WORK, ':::', '1', '2'], { cwd });
    const ended = finish(child);
    await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
    const second = await runGpool(['resume', 'b'], { cwd });
    t.is(second.code, 3, second.stderr);
    t.regex(second.stderr, new RegExp(`process ${child.pid} on .*E_BATCH_HELD`));

    child.kill('SIGKILL');
    await ended;
    await writeFile(join(cwd, 'go'), '');
    const resumed = await runGpool(['resume', 'b', '-k'], { cwd });
    t.is(resumed.code, 0, resumed.stderr);
    t.is(resumed.stdout, '1\n2\n');
    t.is((await readFile(join(cwd, 'starts'), 'utf8')).length, 4);
  },
);

test.serial(
  'resume goes on with a batch that a script began, by an ssh_config that is named anew',
  async (t) => {
    const { cwd, pool } = await prepare(t);
    const out = join(cwd, 'b');
    const specs = new Builder()
      .setRepeat(3)
      .addJob({ commands: [WORK.replaceAll('{}', '"$GPOOL_REPEAT"')] })
      .makeJobSpecs();
    const manager = new Manager({ out });
    manager.setup(specs, new SshNetwork({ hosts: ['1/lab01'], configFile: pool.sshConfig }));
    const processed = manager.processJobs();
    await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the first start' });
    manager.stop('enough');
    await processed;
    await writeFile(join(cwd, 'go'), '');
    const { code, stdout, stderr } = await runGpool(['resume', 'b', '-k', '-F', pool.sshConfig], { cwd });
    t.is(code, 0, stderr);
    t.is(stdout, '1\n2\n3\n');
    t.is(await readFile(join(cwd, 'starts'), 'utf8'), '1\n2\n3\n');
  },
);

test.serial('cancel ends what was left on the hosts', async (t) => {
  const { cwd, args } = await prepare(t);
  const child = startGpool(
    ['run', ...args, '--out', 'b', '--', `trap 'touch ${cwd}/ended' EXIT TERM; ${WORK}`, ':::', '1'],
    { cwd },
  );
  const ended = finish(child);
  await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
  child.kill('SIGINT');
  await ended;
  const { code, stderr } = await runGpool(['cancel', 'b'], { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /1 job was told to end/);
  await waitFor(() => existsSync(join(cwd, 'ended')), { limitMs: 60_000, what: 'the end of the job' });
  t.pass();
});

test.serial('logs shows what a job has written while it runs, and -f follows it to its end', async (t) => {
  const { cwd, args } = await prepare(t);
  const child = startGpool(['run', ...args, '--out', 'b', '--', `echo early; ${WORK}`, ':::', '1'], { cwd });
  const ended = finish(child);
  await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
  t.is((await runGpool(['logs', 'b', '1'], { cwd })).stdout, 'early\n');
  const follower = startGpool(['logs', 'b', '1', '-f'], { cwd });
  const followed = finish(follower);
  await new Promise<void>((resolve) => follower.stdout?.once('data', () => resolve()));
  await writeFile(join(cwd, 'go'), '');
  t.is((await followed).stdout, 'early\n1\n');
  t.is((await ended).code, 0);
});

/** Says that it started, waits for a word, and says its argument. Written for a directory that all know. */
let WORK = '';

async function prepare(
  t: Parameters<typeof tempDir>[0],
): Promise<{ cwd: string; pool: EmbeddedPool; args: string[] }> {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  WORK = `echo {} >> ${cwd}/starts; touch ${cwd}/started-{}; until [ -e ${cwd}/go ]; do sleep 0.3; done; echo {}`;
  return { cwd, pool, args: ['-F', pool.sshConfig, '-S', 'lab01'] };
}
