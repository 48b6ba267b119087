import { hostAlone } from './measure/host-alone.js';
import { makespan } from './measure/makespan.js';
import { manager } from './measure/manager.js';
import { oneJob } from './measure/one-job.js';
import { manyHosts, throughput } from './measure/throughput.js';
import type { Measurement } from './measurement.js';

/** All there is. */
export const MEASUREMENTS: readonly Measurement[] = [
  throughput,
  manyHosts,
  hostAlone,
  oneJob,
  makespan,
  manager,
];
