import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkLocalCommand } from '../../src/network/shell/commands.js';
import { BridgeClient, run, signal } from '../gjob/bridge-client.js';
import { packageRoot } from '../helpers/package-root.js';
import { finish, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

// Batches that gpool 0.1 made, with its helper: `job a` prints `out a`, leaves a file `out`, and adds `a` to `ran` in its home.
const FIXTURES = join(packageRoot(), 'test/fixtures/release-0.1');
const LIMIT = { limitMs: 60_000 };

test.serial('a finished batch can be looked at, and reading leaves it as it is', async (t) => {
  const { cwd, journal, gpool } = await open(t, 'finished');
  const before = await journal();
  const status = await gpool('status', 'finished');
  t.is(status.code, 0, status.stderr);
  t.regex(status.stdout, /3 jobs: 2 done, 1 failed/);
  const asked = await gpool('status', 'finished', '--json');
  t.like(JSON.parse(asked.stdout), { counts: { free: 0, busy: 0, done: 2, unknown: 0, error: 1 } });
  t.is((await gpool('logs', 'finished', '1')).stdout, 'out a\n');
  t.is((await gpool('logs', 'finished', '3', '--stderr')).stdout, 'err c\n');
  t.regex((await gpool('why', 'finished', '3')).stdout, /exit code 1/);
  t.is(await journal(), before);
  t.false(existsSync(join(cwd, '.gjob')));
});

test.serial('a finished batch that is resumed runs nothing', async (t) => {
  const { journal, gpool, ran } = await open(t, 'finished');
  const { code, stderr } = await gpool('resume', 'finished');
  t.is(code, 1, stderr);
  t.deepEqual(await ran(), ['a', 'b', 'c']);
  t.is(countIn(await journal(), 'job.launched'), 3);
});

test.serial(
  'a finished batch that is rerun runs what failed, and its journal gets the new version',
  async (t) => {
    const { journal, gpool, ran, output } = await open(t, 'finished');
    const { code, stderr } = await gpool('rerun', 'finished');
    t.is(code, 1, stderr);
    t.regex(stderr, /3 jobs: 2 done, 1 failed/);
    t.deepEqual(await ran(), ['a', 'b', 'c', 'c']);
    t.is(await output('3/2'), 'out c\n');
    t.is(await output('3/1'), 'out c\n');
    // What makes gpool 0.1 answer that it was written by a newer one.
    t.like(JSON.parse((await journal()).split('\n')[0] ?? ''), { gpool: 'journal', version: 2 });
  },
);

test.serial('an interrupted batch goes on: nothing runs twice, and nothing is lost', async (t) => {
  const { cwd, batch, store, gpool, ran, output, journal, joblog } = await open(t, 'interrupted');
  await openStore(cwd, store);
  const { code, stderr } = await gpool('resume', 'interrupted');
  t.is(code, 0, stderr);
  t.regex(stderr, /6 jobs: 6 done/);
  t.deepEqual((await ran()).sort(), ['a', 'b', 'c', 'd', 'e', 'f']);
  for (const [at, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
    t.is(await output(`${at + 1}/1`), `out ${name}\n`);
    t.is(await readFile(join(batch, `jobs/${at + 1}/1/out`), 'utf8'), `${name}\n`);
  }
  t.is(countIn(await journal(), 'job.launched'), 6);
  t.deepEqual(await joblog(), ['1', '2', '3', '4', '5', '6']);
  t.false(existsSync(store), 'the host is clean');
});

test.serial('an interrupted batch whose host was set up anew runs what was there once more', async (t) => {
  const { cwd, gpool, ran, output, journal } = await open(t, 'interrupted');
  await writeFile(join(cwd, 'go'), '');
  const { code, stderr } = await gpool('resume', 'interrupted');
  t.is(code, 0, stderr);
  t.deepEqual((await ran()).sort(), ['a', 'b', 'b', 'c', 'd', 'e', 'f']);
  t.is(await output('1/1'), 'out a\n');
  t.is(await output('2/2'), 'out b\n');
  t.is(countIn(await journal(), 'job.launched'), 10);
});

/** What may have become of the agent of release 0.1 that has a detached batch. */
const AGENTS: readonly (readonly [string, (agent: number) => void])[] = [
  ['runs', () => {}],
  ['was killed', (agent) => signal(agent, 'SIGKILL')],
];

for (const [how, happen] of AGENTS) {
  test.serial(`a detached batch whose agent ${how} comes home, and each of its jobs ran once`, async (t) => {
    const { cwd, batch, store, ran, output, journal, joblog, gpool, env } = await open(t, 'detached');
    const bridge = await startOldBridge(t, { cwd, store, env });
    await bridge.ask(...(await oldRequests(batch)));
    await bridge.event('X', '1.1');
    await waitFor(async () => (await ran()).length === 3, LIMIT);
    await bridge.close();
    const agent = Number((await readFile(join(store, 'agent.1'), 'utf8')).split(' ')[1]);
    happen(agent);
    t.regex((await gpool('status', 'detached')).stdout, /4 jobs/);

    const resumed = finish(startGpool(['resume', 'detached'], { cwd, env }));
    await waitFor(async () => countIn(await journal(), 'host.ready') === 2, LIMIT);
    await waitFor(async () => countIn(await journal(), 'job.done') === 1, LIMIT);
    if (how === 'runs') t.false(existsSync(join(store, 'agent.2')), 'the old agent has it still');
    await writeFile(join(cwd, 'go'), '');
    const { code, stderr } = await resumed;
    t.is(code, 0, stderr);
    t.regex(stderr, /4 jobs: 4 done/);
    t.deepEqual((await ran()).sort(), ['a', 'b', 'c', 'd']);
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries())
      t.is(await output(`${at + 1}/1`), `out ${name}\n`);
    t.is(countIn(await journal(), 'job.launched'), 4);
    t.deepEqual(await joblog(), ['1', '2', '3', '4']);
    t.false(existsSync(store), 'the host is clean');
  });
}

/** A home with one of the batches in it. Its host says that it was never started again since. */
async function open(t: ExecutionContext, name: string) {
  const cwd = await tempDir(t);
  const batch = join(cwd, name);
  await cp(join(FIXTURES, name), batch, { recursive: true });
  await checkLocalCommand(['chmod', '-R', 'go=', batch]);
  const text = await readFile(join(batch, 'journal.jsonl'), 'utf8');
  const { id } = JSON.parse(await readFile(join(batch, 'batch.json'), 'utf8'));
  const [, bootId = ''] = /"bootId":"([^"]*)"/.exec(text) ?? [];
  await writeFile(join(cwd, 'boot-id'), `${bootId}\n`);
  await writeFile(join(cwd, 'ran'), RAN[name] ?? '');
  const env = { GJOB_BOOT_ID_FILE: join(cwd, 'boot-id') };
  const read = (path: string) => readFile(join(cwd, path), 'utf8');
  return {
    cwd,
    batch,
    env,
    store: join(cwd, '.gjob/%3a', id),
    gpool: (...args: string[]) => runGpool(args, { cwd, env }),
    ran: async () => (await read('ran')).split('\n').filter(Boolean),
    output: (attempt: string) => read(join(name, 'jobs', attempt, 'stdout')),
    journal: () => read(join(name, 'journal.jsonl')),
    joblog: async () => {
      const rows = (await read(join(name, 'joblog.tsv'))).trim().split('\n').slice(1);
      return rows.map((row) => row.split('\t')[0] ?? '').sort();
    },
  };
}

/** What had run when the batch was kept. */
const RAN: Readonly<Record<string, string>> = { finished: 'a\nb\nc\n', interrupted: 'a\nb\n' };

/** What the host kept of the interrupted batch, and what no repository can hold: empty directories and a FIFO. */
async function openStore(cwd: string, store: string): Promise<void> {
  await cp(join(FIXTURES, 'interrupted.store'), store, { recursive: true });
  const owner = join(store, 'owner');
  await writeFile(owner, (await readFile(owner, 'utf8')).replaceAll('@HOME@', cwd));
  for (const empty of ['in', 'work/0/3.1', 'work/0/4.1', 'work/0/5.1']) {
    await mkdir(join(store, empty), { recursive: true });
  }
  await checkLocalCommand(['mkfifo', join(store, 'mail')]);
  await checkLocalCommand(['chmod', '-R', 'go=', join(cwd, '.gjob')]);
}

interface OldHost {
  readonly cwd: string;
  readonly store: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The channel of release 0.1 on its own helper, where that release puts it. */
async function startOldBridge(t: ExecutionContext, { cwd, store, env }: OldHost): Promise<BridgeClient> {
  const bytes = await readFile(join(FIXTURES, 'gjob'));
  const root = join(cwd, '.gjob');
  const file = join(root, 'bin', `gjob-${createHash('sha256').update(bytes).digest('hex')}`);
  await mkdir(join(root, 'bin'), { recursive: true, mode: 0o700 });
  await writeFile(file, bytes);
  const [, host = '', batch = ''] = store.slice(root.length).split('/');
  const child = spawn('bash', [file, 'bridge', root, host, batch, '2', '10', '0'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
  });
  const bridge = new BridgeClient(child);
  t.teardown(() => bridge.kill());
  return bridge;
}

/** What release 0.1 asks of a host that is to run all jobs of a batch. */
async function oldRequests(batch: string): Promise<string[]> {
  const { id, specs } = JSON.parse(await readFile(join(batch, 'batch.json'), 'utf8'));
  return specs.map(({ commands }: { commands: string[] }, at: number) => {
    const job = String(at + 1);
    const env = { GPOOL_HOST: ':', GPOOL_BATCH: id, GPOOL_JOB: job, GPOOL_ATTEMPT: '1', GPOOL_INDEX: job };
    return run(`${job}.1`, `${commands.join('\n')}\n`, { env: { ...env, GPOOL_REPEAT: '1' } });
  });
}

function countIn(text: string, type: string): number {
  return text.split(`"type":"${type}"`).length - 1;
}
