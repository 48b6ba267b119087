import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GPOOL } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { runCommand } from '../run-command.js';

const SIMULATE = fileURLToPath(new URL('../simulate-batch.js', import.meta.url));
const PEAK = fileURLToPath(new URL('../peak-memory.js', import.meta.url));

/** A finished batch, from the simulated pool. */
async function makeBatch(lab: Lab, jobs: number): Promise<string> {
  const batch = `${lab.fresh('finished')}-${randomBytes(2).toString('hex')}`;
  await runCommand('node', [SIMULATE, String(jobs), batch]);
  return batch;
}

/** Two rows of one run: the time of a command about the batch, and the most memory that took. */
function command(verb: 'status' | 'resume', batch: string): Contestant[] {
  let peak = Number.NaN;
  const run = async () => {
    const { seconds, stdout } = await runCommand('node', [PEAK, GPOOL, verb, batch]);
    peak = Number(stdout.trim().split('\n').at(-1));
    return seconds;
  };
  return [
    { name: `gpool ${verb}`, kind: 'ours', run },
    { name: `gpool ${verb}, memory`, kind: 'ours', unit: 'MiB at most', run: async () => peak },
  ];
}

export const status: Measurement = {
  goal: 'P11',
  name: 'status',
  what: '`gpool status` and `gpool resume` of a batch of 1,000,000 finished jobs (made by the simulated pool)',
  unit: 's',
  targets: (['status', 'resume'] as const).flatMap((verb) => [
    { ours: `gpool ${verb}`, against: 10, most: 1 },
    { ours: `gpool ${verb}, memory`, against: 1024, most: 1 },
  ]),
  prepare: async (lab) => {
    const batch = await makeBatch(lab, scaled(lab, 1_000_000));
    return [...command('status', batch), ...command('resume', batch)];
  },
};
