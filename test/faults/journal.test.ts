import { type StdioOptions, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '../../src/random.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, type GpoolRun, MAIN, runGpool } from '../helpers/run-gpool.js';
import { runGpoolWithFault } from '../helpers/strace.js';
import { tempDir } from '../helpers/temp-dir.js';
import { faultTest, inLanes, pick } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';
import { SmallBatch } from './small-batch.js';

/** Byte positions at which the disk is full, and how far apart they are in a sample. */
const POSITIONS = 8192;
const POSITION_STEP = FULL ? 1 : 800;
const SYNCS = 100;
const SYNC_STEP = FULL ? 1 : 20;

faultTest(
  'a journal that meets a full disk at any byte stops the batch before it starts more',
  ['prlimit'],
  (t) =>
    failEverywhere(t, { jobs: 20, last: POSITIONS, step: POSITION_STEP }, async (batch, room) => {
      const { cwd } = batch;
      const node = [process.execPath, MAIN, ...batch.resume];
      const env = { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1' };
      const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
      const run = await finish(spawn('prlimit', [`--fsize=${room}`, ...node], { cwd, env, stdio }));
      return { ...run, hit: true };
    }),
);

faultTest('a journal whose disk fails at any sync stops the batch before it starts more', ['strace'], (t) =>
  failEverywhere(t, { jobs: 200, last: SYNCS, step: SYNC_STEP }, (batch, when) => {
    const fault = { call: 'fdatasync', paths: [batch.journal], effect: 'error=EIO', when };
    return runGpoolWithFault(batch.resume, fault, batch);
  }),
);

/** `hit`: whether the run came as far as its fault; how often it syncs depends on its speed. */
type Failed = GpoolRun & { readonly hit: boolean };

interface Series {
  readonly jobs: number;
  readonly last: number;
  readonly step: number;
}

/** Begins a batch whose journal fails at each point, judges how it stopped, and goes on with it. */
async function failEverywhere(
  t: ExecutionContext,
  { jobs, last, step }: Series,
  fail: (batch: SmallBatch, point: number) => Promise<Failed>,
): Promise<void> {
  const random = seededRandom(faultSeed(t));
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ count: 2 });
  t.teardown(() => pool.close());
  const model = new SmallBatch(cwd, 'model', pool.sshConfig, jobs);
  t.is((await runGpool(model.run, model)).code, 0);
  const wrong: string[] = [];
  const points = Array.from(
    { length: Math.ceil(last / step) },
    (_, at) => 1 + at * step + pick(random, step),
  );
  let slowest = 0;
  let hits = 0;
  await inLanes(points, 2, async (point) => {
    const batch = new SmallBatch(cwd, `at-${point}`, pool.sshConfig, jobs);
    await batch.beginLike(model);
    const began = performance.now();
    const run = await fail(batch, point);
    slowest = Math.max(slowest, performance.now() - began);
    if (run.hit) hits += 1;
    wrong.push(...(await judge(batch, run)).map((fault) => `${batch.name}: ${fault}`));
    await rm(batch.path, { recursive: true, force: true });
  });
  t.log(
    `${hits} of ${points.length} trials came to their fault; the slowest command took ${Math.round(slowest)} ms from its beginning`,
  );
  t.deepEqual(wrong, []);
  t.true(hits > points.length / 2);
}

async function judge(batch: SmallBatch, { code, stderr, hit }: Failed): Promise<string[]> {
  // Where there is no room for its lock either, it has not begun.
  const stoppedRight = hit ? code === 3 && /E_JOURNAL\)|E_BATCH_WRITE\)/.test(stderr) : code === 0;
  const unkept = await batch.unkept();
  const resumed = await runGpool(batch.resume, batch);
  return [
    ...(stoppedRight ? [] : [`exit ${code}: ${stderr}`]),
    ...(unkept.length === 0 ? [] : [`ran and not in the journal: ${unkept}`]),
    ...(resumed.code === 0 ? await batch.faults() : [`resume: exit ${resumed.code}: ${resumed.stderr}`]),
  ];
}
