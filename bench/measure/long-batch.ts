import { type Measurement, scaled } from '../measurement.js';
import { gpoolRate } from './throughput.js';

const SIZES = [1_000, 10_000, 50_000] as const;
const label = (jobs: number) => `gpool, ${jobs} jobs`;

export const longBatch: Measurement = {
  goal: 'P14',
  name: 'long-batch',
  what: 'batches of more and more short jobs on one host, start-up included',
  unit: 'jobs/s',
  targets: [{ ours: label(50_000), against: label(1_000), least: 0.85 }],
  prepare: async (lab) =>
    SIZES.map((jobs) => ({
      name: label(jobs),
      kind: 'ours',
      run: () => gpoolRate(lab, ['8/h1'], scaled(lab, jobs)),
    })),
};
