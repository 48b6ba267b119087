import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';

const PEAK = fileURLToPath(new URL('../peak-memory.js', import.meta.url));
const MIB = 2 ** 20;

async function peak(lab: Lab, mib: number): Promise<number> {
  const rest = ['--quiet', '--', `head -c ${mib}M /dev/zero`];
  const { stdout, batch } = await runGpool(lab, ['1/h1'], rest, { through: PEAK });
  const { size } = await stat(join(batch, 'jobs', '1', '1', 'stdout'));
  await rm(batch, { recursive: true });
  if (size !== mib * MIB) throw new Error('the output is not whole');
  return Number(stdout.trim().split('\n').at(-1));
}

export const outputMemory: Measurement = {
  goal: 'P13',
  name: 'output-memory',
  what: 'the most memory of a whole `gpool run` whose job prints 1 GiB, beside 64 MiB',
  unit: 'MiB at most',
  targets: [{ ours: '1 GiB of stdout', against: '64 MiB of stdout', most: 1.2 }],
  prepare: async (lab) => [
    { name: '1 GiB of stdout', kind: 'ours', run: () => peak(lab, scaled(lab, 1024)) },
    { name: '64 MiB of stdout', kind: 'ours', run: () => peak(lab, scaled(lab, 64)) },
  ],
};
