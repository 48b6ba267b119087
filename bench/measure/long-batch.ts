import { setTimeout as sleep } from 'node:timers/promises';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { largestDirectory } from '../largest-directory.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { gpoolRate } from './throughput.js';

const SIZES = [1_000, 10_000, 50_000] as const;
const LONGEST = 50_000;
const LOOK_EVERY_MS = 2000;
const label = (jobs: number) => `gpool, ${jobs} jobs`;
const ON_HOST = `largest directory on the host, ${LONGEST} jobs`;
const IN_BATCH = `largest directory of the batch, ${LONGEST} jobs`;

interface Sizes {
  readonly host: number;
  readonly batch: number;
}

/** Runs a batch of its own, every tenth job with output, and looks at the host's directories all along. */
async function countEntries(lab: Lab): Promise<Sizes> {
  const root = lab.fresh('entries', lab.hostDirectory);
  const numbers = await writeNumbers(lab.fresh('numbers'), scaled(lab, LONGEST));
  const command = 'case {} in *0) echo {};; esac';
  let over = false;
  const running = runGpool(lab, ['8/h1'], ['-a', numbers, '--', command], { root }).finally(() => {
    over = true;
  });
  let host = 0;
  while (!over) {
    host = Math.max(host, await largestDirectory(root));
    await Promise.race([running.catch(() => {}), sleep(LOOK_EVERY_MS)]);
  }
  return { host, batch: await largestDirectory((await running).batch) };
}

/** Counted in the first turn only: it is the same in every other. */
function entries(lab: Lab): Contestant[] {
  let counted: Promise<Sizes> | null = null;
  const count = () => (counted ??= countEntries(lab));
  const shared = { kind: 'ours', unit: 'entries' } as const;
  return [
    { ...shared, name: ON_HOST, run: async () => (await count()).host },
    { ...shared, name: IN_BATCH, run: async () => (await count()).batch },
  ];
}

export const longBatch: Measurement = {
  goal: 'P14',
  name: 'long-batch',
  what: 'batches of more and more short jobs on one host, start-up included; and the most entries a directory has meanwhile',
  unit: 'jobs/s',
  targets: [
    { ours: label(50_000), against: label(1_000), least: 0.85 },
    { ours: ON_HOST, against: 4096, most: 1 },
    { ours: IN_BATCH, against: 4096, most: 1 },
  ],
  prepare: async (lab) => [
    ...SIZES.map(
      (jobs): Contestant => ({
        name: label(jobs),
        kind: 'ours',
        run: () => gpoolRate(lab, ['8/h1'], scaled(lab, jobs)),
      }),
    ),
    ...entries(lab),
  ],
};
