import { farHost } from './measure/far-host.js';
import { hostAlone } from './measure/host-alone.js';
import { longBatch } from './measure/long-batch.js';
import { makespan } from './measure/makespan.js';
import { manager } from './measure/manager.js';
import { oneJob } from './measure/one-job.js';
import { largeOutput, smallOutputs } from './measure/outputs.js';
import { sharedInput } from './measure/shared-input.js';
import { status } from './measure/status.js';
import { manyHosts, throughput } from './measure/throughput.js';
import { largeFile, smallFiles } from './measure/transfers.js';
import type { Measurement } from './measurement.js';

/** All there is. */
export const MEASUREMENTS: readonly Measurement[] = [
  throughput,
  manyHosts,
  hostAlone,
  farHost,
  oneJob,
  makespan,
  manager,
  status,
  smallOutputs,
  largeOutput,
  largeFile,
  smallFiles,
  sharedInput,
  longBatch,
];
