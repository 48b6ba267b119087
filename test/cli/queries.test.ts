import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { createBatchDirectory } from '../../src/journal/batch-directory.js';
import { writeBatchFile } from '../../src/journal/batch-file.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { MAIN, runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';

test.serial('status tells how the newest batch stands, and as one JSON value for programs', async (t) => {
  const cwd = await tempDir(t);
  await runGpool(['run', '--name', 'mine', '--', 'exit {}', ':::', '0', '3'], { cwd });
  const text = await runGpool([], { cwd });
  t.regex(text.stdout, /mine/);
  t.regex(text.stdout, /2 jobs: 1 done, 1 failed/);
  t.regex(text.stdout, /exit code 3/);
  const { stdout, code } = await runGpool(['status', 'latest', '--json'], { cwd });
  t.is(code, 0);
  const status = JSON.parse(stdout);
  t.is(stdout.trim().split('\n').length, 1);
  t.is(status.schema, 1);
  t.deepEqual(status.counts, { free: 0, busy: 0, done: 1, unknown: 0, error: 1 });
  t.deepEqual(
    status.jobs.map(({ name, state }: { name: string; state: string }) => [name, state]),
    [
      ['0', 'done'],
      ['3', 'error'],
    ],
  );
  t.is(status.jobs[1].outcome.code, 3);
});

test.serial('status tells what has ended on its host and is still to be fetched', async (t) => {
  const cwd = await tempDir(t);
  const directory = await createBatchDirectory({ out: join(cwd, 'b'), name: 'b', now: 0 });
  const specs = makeSpecs(2);
  await writeBatchFile(directory, {
    id: 'b',
    name: 'left',
    createdAt: '2026-03-01T10:00:00.000Z',
    versions: {},
    hosts: parseHosts('lab01'),
    options: {},
    specs,
  });
  const store = await openBatchStore(directory, { batch: 'b' });
  const news = { attempt: '1.1', host: 'lab01', offset: 1 };
  const facts = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'lab01', warnings: [] };
  const usage = { startedAt: 1, wallMs: 1200, userMs: 0, systemMs: 0, peakKb: 0 };
  const output = { stdout: true, stderr: false };
  await store.record([
    { type: 'batch.started', batch: 'b', jobs: 2, hosts: ['lab01'] },
    { type: 'host.ready', host: 'lab01', slots: 2, facts },
    { type: 'job.launched', job: '1', attempt: '1.1', host: 'lab01' },
    { type: 'job.launched', job: '2', attempt: '2.1', host: 'lab01' },
    { type: 'job.ended', outcome: { kind: 'succeeded' }, usage, output, ...news },
  ]);
  await store.close();
  const { stdout } = await runGpool(['status', 'b'], { cwd });
  t.regex(stdout, /2 jobs: 1 running, 1 to be fetched;/);
  t.regex(stdout, /^1 .*to be fetched +lab01 +1\.2s$/m);
});

test.serial('logs finds a job by its number or name, and says when there is none', async (t) => {
  const cwd = await tempDir(t);
  await runGpool(['run', '--', 'echo out {}; echo err {} >&2; :', ':::', 'a', 'b'], { cwd });
  t.is((await runGpool(['logs', 'latest', '2'], { cwd })).stdout, 'out b\n');
  t.is((await runGpool(['logs', 'latest', 'a', '--stderr'], { cwd })).stdout, 'err a\n');
  const missing = await runGpool(['logs', 'latest', '9'], { cwd });
  t.is(missing.code, 3);
  t.regex(missing.stderr, /E_JOB_NOT_FOUND/);
});

test.serial('exec runs on all hosts and shows equal output once, under its hosts', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02', 'lab03', 'gpu'] });
  t.teardown(() => pool.close());
  const command = '[ "$(basename "$HOME")" != gpu ] || { echo no >&2; exit 3; }; echo same';
  const { code, stdout, stderr } = await runGpool(
    ['exec', '-F', pool.sshConfig, '-S', 'lab[01-03],gpu', '--', command],
    { cwd },
  );
  t.is(code, 1);
  t.is(stdout, '── lab[01-03] (3)\nsame\n── gpu  exit code 3\n');
  t.is(stderr, 'no\n');
});

test.serial('hosts tells what each host offers, and lists the one that cannot be reached', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01', 'lab02'] });
  t.teardown(() => pool.close());
  const args = ['hosts', '-F', pool.sshConfig, '-S', 'lab[01-02],nowhere.invalid'];
  const text = await runGpool(args, { cwd });
  t.is(text.code, 0, text.stderr);
  t.regex(text.stdout, /lab01 +\d+ +\d+/);
  t.regex(text.stdout, /nowhere\.invalid.*E_DNS/);
  t.regex(text.stdout, /2 of 3 hosts can be used/);
  const { hosts } = JSON.parse((await runGpool([...args, '--json'], { cwd })).stdout);
  t.true(hosts[0].cores >= 1 && hosts[0].memoryKb > 0 && hosts[0].diskFreeKb > 0);
  t.true(Math.abs(hosts[0].clockOffsetMs) < 10_000);
  t.is(hosts[2].reachable, false);
});

test.serial('every verb has help with examples first', async (t) => {
  const cwd = await tempDir(t);
  for (const verb of [
    [],
    ['run'],
    ['resume'],
    ['rerun'],
    ['status'],
    ['logs'],
    ['attach'],
    ['cancel'],
    ['pause'],
    ['unpause'],
    ['cap'],
    ['hosts'],
    ['exec'],
  ]) {
    const { code, stdout } = await runGpool([...verb, '--help'], { cwd });
    t.is(code, 0);
    t.regex(stdout, /^Examples:\n {2}gpool /, verb.join());
  }
  t.regex((await runGpool(['--version'], { cwd })).stdout, /^\d+\.\d+\.\d+\n$/);
});

test.serial('a secret variable reaches the job, and no process list, log or readable file', async (t) => {
  const cwd = await tempDir(t);
  const secret = 'c4n4ry-7f3a';
  const command = `cat /proc/[0-9]*/cmdline > ${join(cwd, 'processes')}; [ -n "$TOKEN" ] && :`;
  const { code, stdout, stderr } = await runGpool(
    ['run', '--out', 'b', '--env', 'TOKEN', '--', command, ':::', '1'],
    { cwd, env: { TOKEN: secret } },
  );
  t.is(code, 0, stderr);
  t.false((stdout + stderr).includes(secret));
  const look = `grep -l ${secret} processes b/journal.jsonl b/log.jsonl b/joblog.tsv; find b -perm /077; :`;
  const found = await runGpool(['exec', '-S', ':', '--', `cd ${cwd}; ${look}`], { cwd });
  t.is(found.stdout, '');
});

test.serial(
  'whoever reads may have read enough: what is left goes nowhere, and nothing is said of it',
  async (t) => {
    const script = '{ "$0" "$1" --help; echo "ended with $?" >&2; } | head -n 1';
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, process.execPath, MAIN]);
    t.is(stdout.trim().split('\n').length, 1);
    t.is(stderr, 'ended with 0\n');
  },
);
