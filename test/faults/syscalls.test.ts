import { rm } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { type GpoolRun, runGpool } from '../helpers/run-gpool.js';
import { runGpoolWithFault } from '../helpers/strace.js';
import { tempDir } from '../helpers/temp-dir.js';
import { faultTest, inLanes, pick } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';
import { SmallBatch } from './small-batch.js';

/** The calls by which a controller changes its batch directory, and where a sample of the many takes every how-manieth. */
const CALLS: readonly (readonly [call: string, step: number])[] = [
  ['write', 12],
  ['writev', 6],
  ['fdatasync', 6],
  ['fsync', 1],
  ['openat', 9],
  ['rename', 5],
  ['mkdir', 11],
  ['ftruncate', 1],
  ['chmod', 1],
  ['unlink', 1],
];

/** A call of one kind, about the joblog or about any other file of the batch. */
interface Series {
  readonly call: string;
  readonly joblog: boolean;
  readonly step: number;
}

const SERIES: readonly Series[] = [
  ...CALLS.map(([call, step]) => ({ call, step, joblog: false })),
  { call: 'write', joblog: true, step: 8 },
  { call: 'openat', joblog: true, step: 1 },
];

interface Trial {
  readonly batch: SmallBatch;
  readonly series: Series;
  readonly when: number;
}

faultTest('a controller killed at any call on its files loses no job and runs none twice', ['strace'], (t) =>
  killEverywhere(t, async ({ batch, series, when }) => {
    const run = await kill(batch, batch.run, series, when, '1');
    if (run.code !== null) return { killed: false, run };
    // Without a batch nothing can have been started.
    if (!batch.isThere) return { killed: true, run: await runGpool(batch.resume, batch), began: false };
    return { killed: true, run: await runGpool(batch.resume, batch) };
  }),
);

faultTest('a controller killed again at any call while it resumes loses nothing either', ['strace'], (t) =>
  killEverywhere(t, async ({ batch, series, when }, random) => {
    await kill(batch, batch.run, { call: 'fdatasync', joblog: false, step: 1 }, 4 + pick(random, 8), '1');
    const run = await kill(batch, batch.resume, series, when, '2');
    if (run.code !== null) return { killed: false, run };
    return { killed: true, run: await runGpool(batch.resume, batch) };
  }),
);

interface Ended {
  readonly killed: boolean;
  readonly run: GpoolRun;
  /** False when the batch did not come into being. */
  readonly began?: boolean;
}

/** For every series: n = 1, 2 … until a run comes through unharmed. */
async function killEverywhere(
  t: ExecutionContext,
  attempt: (trial: Trial, random: Random) => Promise<Ended>,
): Promise<void> {
  const random = seededRandom(faultSeed(t));
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ count: 2 });
  t.teardown(() => pool.close());
  const counts: string[] = [];
  const wrong: string[] = [];
  await inLanes(SERIES, 2, async (series) => {
    const step = FULL ? 1 : series.step;
    let kills = 0;
    for (let when = FULL ? 1 : 1 + pick(random, step), killed = true; killed; when += step) {
      const at = `${series.call}${series.joblog ? '-joblog' : ''}-${when}`;
      const batch = new SmallBatch(cwd, at, pool.sshConfig);
      const ended = await attempt({ batch, series, when }, random);
      killed = ended.killed;
      kills += killed ? 1 : 0;
      wrong.push(...(await judge(batch, ended)).map((fault) => `${at}: ${fault}`));
      await rm(batch.path, { recursive: true, force: true });
    }
    counts.push(`${series.call}${series.joblog ? ' of the joblog' : ''} ${kills}`);
  });
  t.log(`killed at: ${counts.join(', ')}`);
  t.deepEqual(wrong, []);
}

async function judge(batch: SmallBatch, { run, began = true }: Ended): Promise<string[]> {
  if (!began) {
    const ran = await batch.ran();
    return run.stderr.includes('E_BATCH_NOT_FOUND') && ran.length === 0 ? [] : [`ran ${ran}: ${run.stderr}`];
  }
  return run.code === 0 ? batch.faults() : [`exit ${run.code}: ${run.stderr}`];
}

function kill(batch: SmallBatch, args: readonly string[], series: Series, when: number, part: string) {
  const paths = series.joblog ? [batch.joblog] : batch.files(part);
  const fault = { call: series.call, paths, effect: 'signal=SIGKILL', when };
  return runGpoolWithFault(args, fault, { cwd: batch.cwd, part });
}
