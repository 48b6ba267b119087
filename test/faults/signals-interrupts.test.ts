import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '../../src/random.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, type GpoolRun, runGpool, startGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { faultTest, inLanes, pick } from './fault-test.js';
import { FULL, faultSeed } from './harness/effort.js';
import { SmallBatch } from './small-batch.js';

const TRIALS = FULL ? 100 : 7;
/** The first interrupt comes somewhere in so many milliseconds, a second one so soon after it. */
const FIRST_MS = 3000;
const SECOND_MS = 600;
const LAUNCHES_MS = 2000;
const EXIT_MS = 10_000;

faultTest('an interrupt at any time stops the launches, and the batch can be resumed', [], (t) =>
  interruptAnywhere(t, null, async (batch) => [
    ...((await runGpool(batch.resume, batch)).code === 0 ? await batch.faults() : ['it cannot be resumed']),
  ]),
);

faultTest('a second interrupt at any time ends the jobs, and the batch can be resumed', [], (t) =>
  interruptAnywhere(t, SECOND_MS, async (batch) => {
    const resumed = await runGpool(batch.resume, batch);
    const ran = await batch.ran();
    return [
      // Jobs that were ended count as failed.
      ...(resumed.code === 0 || resumed.code === 1
        ? []
        : [`resume: exit ${resumed.code}: ${resumed.stderr}`]),
      ...(new Set(ran).size === ran.length ? [] : [`ran: ${ran.join(' ')}`]),
    ];
  }),
);

async function interruptAnywhere(
  t: ExecutionContext,
  secondWithinMs: number | null,
  judge: (batch: SmallBatch) => Promise<string[]>,
): Promise<void> {
  const random = seededRandom(faultSeed(t));
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ count: 2 });
  t.teardown(() => pool.close());
  const wrong: string[] = [];
  const exits: number[] = [];
  await inLanes(Array.from({ length: TRIALS }).keys(), 2, async (trial) => {
    const batch = new SmallBatch(cwd, `trial-${trial}`, pool.sshConfig, 40, 'sleep 0.2');
    const firstMs = pick(random, FIRST_MS);
    const secondMs = secondWithinMs === null ? null : pick(random, secondWithinMs);
    const child = startGpool(batch.run, batch);
    const ended = finish(child);
    await pause(firstMs);
    let asked = Date.now();
    const firstAt = asked;
    child.kill('SIGINT');
    if (secondMs !== null) {
      await pause(secondMs);
      asked = Date.now();
      child.kill('SIGINT');
    }
    const run = await ended;
    const exitMs = Date.now() - asked;
    exits.push(exitMs);
    if (exitMs > EXIT_MS) wrong.push(`it took ${exitMs} ms to exit`);
    const faults = [...judgeExit(run), ...(batch.isThere ? await judgeBatch(batch, firstAt) : [])];
    if (batch.isThere) faults.push(...(await judge(batch)));
    wrong.push(...faults.map((fault) => `interrupt after ${firstMs} ms, ${secondMs}: ${fault}`));
    await rm(batch.path, { recursive: true, force: true });
  });
  t.log(`${TRIALS} trials; the command was gone ${Math.max(...exits)} ms after the last interrupt at most`);
  t.deepEqual(wrong, []);
}

/** 0 when it was through already; null when it ended by the signal, before it listened to signals. */
function judgeExit({ code, stderr }: GpoolRun): string[] {
  return code === 130 || code === 0 || code === null ? [] : [`exit ${code}: ${stderr}`];
}

async function judgeBatch(batch: SmallBatch, interruptedAt: number): Promise<string[]> {
  const late = (await batch.launchTimes()).filter((at) => at > interruptedAt + LAUNCHES_MS);
  return late.length === 0 ? [] : [`${late.length} launches more than ${LAUNCHES_MS} ms later`];
}
