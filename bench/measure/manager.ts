import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { formatNumber } from '../numbers.js';
import { runCommand } from '../run-command.js';

const PROGRAM = fileURLToPath(new URL('../simulate-batch.js', import.meta.url));
const SIZES = [10_000, 100_000, 1_000_000];

const label = (jobs: number) => `${formatNumber(jobs)} jobs`;

/** Two rows of one run: how many jobs a second, and the most memory that took. */
function simulation(lab: Lab, jobs: number): Contestant[] {
  const count = scaled(lab, jobs);
  let peak = Number.NaN;
  const run = async () => {
    const [seconds = Number.NaN, mib = Number.NaN] = await simulate(count);
    peak = mib;
    return count / seconds;
  };
  return [
    { name: label(jobs), kind: 'ours', run },
    { name: `${label(jobs)}, memory`, kind: 'ours', unit: 'MiB at most', run: async () => peak },
  ];
}

async function simulate(jobs: number, ...out: readonly string[]): Promise<number[]> {
  const { stdout } = await runCommand('node', [PROGRAM, String(jobs), ...out]);
  return stdout.split(' ').map(Number);
}

async function journalled(lab: Lab, jobs: number): Promise<number> {
  const out = lab.fresh('simulated', lab.hostDirectory);
  const [seconds = Number.NaN] = await simulate(jobs, out);
  await rm(out, { recursive: true });
  return jobs / seconds;
}

export const manager: Measurement = {
  goal: 'P10',
  name: 'manager',
  what: 'Manager and Queue on 1,000 simulated hosts of 8 slots; specs made before, nothing on disk but where said',
  unit: 'jobs/s',
  targets: [
    ...SIZES.map((jobs) => ({ ours: label(jobs), against: 50_000, least: 1 })),
    { ours: label(1_000_000), against: label(10_000), least: 1 / 1.5 },
    { ours: `${label(1_000_000)}, memory`, against: 1024, most: 1 },
  ],
  prepare: async (lab) => [
    ...SIZES.flatMap((jobs) => simulation(lab, jobs)),
    {
      name: `${label(100_000)}, journal on a memory disk`,
      kind: 'ours',
      run: () => journalled(lab, scaled(lab, 100_000)),
    },
  ],
};
