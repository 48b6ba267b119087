import { join } from 'node:path';
import test from 'ava';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { type Random, seededRandom } from '../../src/random.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec } from '../helpers/make-specs.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

/** An attempt's fate depends on its id alone. */
function fateOf(seed: number) {
  return ({ id }: Attempt): AttemptPlan => {
    const random = seededRandom(seed + Number(id.replace('.', '0')));
    const durationMs = random() * (random() < 0.05 ? 300_000 : 2000);
    const luck = random();
    if (luck < 0.2) return { durationMs, outcome: { kind: 'failed', code: 1 } };
    if (luck < 0.3) return { durationMs, outcome: { kind: 'failed', code: 99 } };
    if (luck < 0.4) return { durationMs, outcome: { kind: 'failed', code: 127 } };
    return { durationMs };
  };
}

function pickHalt(random: Random): string {
  const what = ['fail', 'success', 'done'][Math.floor(random() * 3)];
  const amount = 1 + Math.floor(random() * 20);
  return `${random() < 0.5 ? 'now' : 'soon'},${what}=${amount}${random() < 0.5 ? '%' : ''}`;
}

const SPECS = Array.from({ length: 30 }, (_, at) =>
  makeSpec({ name: `j${at}`, limits: { timeoutPercent: 400 } }),
);
const HOSTS = ['h1', 'h2', 'h3'];

async function readState(directory: BatchDirectory, onEvent: (event: Recorded) => void): Promise<BatchState> {
  const state = createBatchState(SPECS, HOSTS);
  await readJournal(directory.journalFile, (event) => {
    applyEvent(state, event);
    onEvent(event);
  });
  return state;
}

test('a batch that halts is quiet, its journal tells the live state, and gone on with it settles every job once', async (t) => {
  const first = pickSeed();
  t.log(`SEED=${first}`);
  for (let seed = first; seed < first + 8; seed += 1) {
    const random = seededRandom(seed);
    const clock = new ManualClock();
    const out = join(await tempDir(t), 'batch');
    const network = new SimulatedNetwork({
      hosts: HOSTS.map((name) => ({ name, slots: 1 + Math.floor(random() * 3) })),
      clock,
      plan: fateOf(seed),
    });
    const options = { clock, random, retries: 1, halt: pickHalt(random) };
    let manager = new Manager({ ...options, out });
    manager.setup(SPECS, network);
    let summary = await clock.runUntil(manager.processJobs());
    const directory = new BatchDirectory(out);
    for (let round = 0; summary.kind === 'halted' && round < 60; round += 1) {
      const { busy, unknown } = summary.counts;
      t.is(busy + unknown, 0, `something is left on a host, seed ${seed}`);
      const state = await readState(directory, () => {});
      t.deepEqual(state.jobs, manager.jobs, `seed ${seed}`);
      const store = await openBatchStore(directory, { batch: state.batch, clock });
      manager = new Manager({ ...options, store, state });
      manager.setup(SPECS, network);
      summary = await clock.runUntil(manager.processJobs());
    }
    t.is(summary.kind, 'complete', `seed ${seed}, ${options.halt}`);
    const wanted = new Map(SPECS.map((_, at) => [String(at + 1), 1]));
    const settled = new Map<string, number>();
    const count = (of: Map<string, number>, job: string) => of.set(job, (of.get(job) ?? 0) + 1);
    await readState(directory, (event) => {
      if (event.type === 'job.done' || event.type === 'job.failed') count(settled, event.job);
      // It failed on a host that was set aside: it is to be settled once more.
      if (event.type === 'job.reopened') count(wanted, event.job);
    });
    t.deepEqual(new Map([...wanted.keys()].map((job) => [job, settled.get(job)])), wanted, `seed ${seed}`);
  }
});
