import { getHeapStatistics } from 'node:v8';
import { SpecError } from '../errors.js';

/**
 * Refuses a batch whose jobs may need more memory than Node gives this process: it would die on the way. `limit` is in bytes.
 * Throws a SpecError (E_MEMORY).
 */
export function checkMemory(jobs: number, limit = getHeapStatistics().heap_size_limit): void {
  const need = BASE + jobs * BYTES_A_JOB;
  if (need <= limit) return;
  throw new SpecError('E_MEMORY', {
    what: `${jobs} jobs may need ${inMiB(need)} MiB of memory, this process may have ${inMiB(limit)}`,
    where: 'this machine',
    next: `Allow more (NODE_OPTIONS=--max-old-space-size=${inMiB(need)}), or make several batches of it.`,
  });
}

function inMiB(bytes: number): number {
  return Math.ceil(bytes / MIB);
}

const MIB = 1024 * 1024;
/** The program itself, connections and outputs on their way. */
const BASE = 48 * MIB;
/** Measured: 830 for a short job that is done, with all that is known of it; more with long commands and many attempts. */
const BYTES_A_JOB = 1400;
