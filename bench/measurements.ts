import { connections } from './measure/connections.js';
import { copies } from './measure/copies.js';
import { farHost } from './measure/far-host.js';
import { hostAlone } from './measure/host-alone.js';
import { largeFile } from './measure/large-file.js';
import { largeReturn } from './measure/large-return.js';
import { longBatch } from './measure/long-batch.js';
import { longestFirst } from './measure/longest-first.js';
import { makespan } from './measure/makespan.js';
import { manager } from './measure/manager.js';
import { oneJob } from './measure/one-job.js';
import { outputMemory } from './measure/output-memory.js';
import { largeOutput, smallOutputs } from './measure/outputs.js';
import { runningStatus } from './measure/running-status.js';
import { sharedInput } from './measure/shared-input.js';
import { smallFiles } from './measure/small-files.js';
import { smallReturns } from './measure/small-returns.js';
import { status } from './measure/status.js';
import { manyHosts, throughput } from './measure/throughput.js';
import type { Measurement } from './measurement.js';

/** All there is. */
export const MEASUREMENTS: readonly Measurement[] = [
  throughput,
  manyHosts,
  hostAlone,
  farHost,
  oneJob,
  makespan,
  longestFirst,
  manager,
  status,
  runningStatus,
  connections,
  smallOutputs,
  largeOutput,
  outputMemory,
  largeFile,
  largeReturn,
  copies,
  smallFiles,
  smallReturns,
  sharedInput,
  longBatch,
];
