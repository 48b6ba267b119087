import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, type GpoolRun, runGpool, startGpool } from '../helpers/run-gpool.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { FULL } from './harness/effort.js';

/** How often the holder is killed and the next one takes its place. */
const ROUNDS = FULL ? 100 : 8;
const LIMIT_MS = FULL ? 3_600_000 : 300_000;
const RESUME = ['resume', 'b', '--quiet'];

test.serial(
  'of a hundred controllers that want one batch one gets it, and the others are told who',
  async (t) => {
    t.timeout(LIMIT_MS);
    const cwd = await leaveBatch(t);
    const children = Array.from({ length: 100 }, () => startGpool(RESUME, { cwd }));
    const refused: GpoolRun[] = [];
    const ended = children.map(async (child) => {
      const run = await finish(child);
      if (run.code !== 0) refused.push(run);
      return run;
    });
    await waitFor(() => refused.length === 99, { limitMs: LIMIT_MS, what: '99 refusals' });
    const [holder, ...others] = children.filter(({ exitCode }) => exitCode === null);
    t.is(others.length, 0);
    for (const { code, stderr } of refused) {
      t.is(code, 3, stderr);
      t.regex(stderr, new RegExp(`process ${holder?.pid} on .*E_BATCH_HELD`));
    }
    await writeFile(join(cwd, 'go'), '');
    const last = (await Promise.all(ended)).filter(({ code }) => code === 0);
    t.is(last.length, 1);
    t.is(await readFile(join(cwd, 'starts'), 'utf8'), '1\n2\n');
  },
);

test.serial('a batch whose controller was killed is had by the next one, again and again', async (t) => {
  t.timeout(LIMIT_MS);
  const cwd = await leaveBatch(t);
  const refusals: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await sizeOfJournal(cwd);
    const holder = startGpool(RESUME, { cwd });
    const ended = once(holder, 'exit');
    await waitFor(async () => (await sizeOfJournal(cwd)) > before, { limitMs: 60_000, what: 'a holder' });
    const asked = performance.now();
    const { code, stderr } = await runGpool(RESUME, { cwd });
    refusals.push(performance.now() - asked);
    t.is(code, 3, stderr);
    t.regex(stderr, new RegExp(`process ${holder.pid} on .*E_BATCH_HELD`));
    holder.kill('SIGKILL');
    await ended;
  }
  t.log(`refused within ${Math.round(Math.max(...refusals))} ms, the start of the command included`);
  await writeFile(join(cwd, 'go'), '');
  const { code, stderr } = await runGpool(RESUME, { cwd });
  t.is(code, 0, stderr);
  t.is(await readFile(join(cwd, 'starts'), 'utf8'), '1\n2\n');
});

/** A batch `b` of two jobs that run until `go` exists, and whose controller was killed; answers its parent directory. */
async function leaveBatch(t: Teardown): Promise<string> {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  // A hundred programs that start leave little of the processor for the host.
  await writeFile(pool.sshConfig, `ConnectTimeout 200\n${await readFile(pool.sshConfig, 'utf8')}`);
  const work = `echo {} >> ${cwd}/starts; touch ${cwd}/started-{}; until [ -e ${cwd}/go ]; do sleep 0.3; done`;
  const hosts = ['-F', pool.sshConfig, '-S', '1/lab01', '--out', 'b'];
  const child = startGpool(['run', ...hosts, '--', work, ':::', '1', '2'], { cwd });
  const ended = once(child, 'exit');
  await waitFor(() => existsSync(join(cwd, 'started-1')), { limitMs: 60_000, what: 'the start' });
  child.kill('SIGKILL');
  await ended;
  return cwd;
}

async function sizeOfJournal(cwd: string): Promise<number> {
  return (await stat(join(cwd, 'b', 'journal.jsonl'))).size;
}
