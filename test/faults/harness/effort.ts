import type { ExecutionContext } from 'ava';

/** Whether to run each scenario as often as its goal says, which takes hours, not minutes. */
export const FULL = process.env.GPOOL_FAULT_FULL === '1';

/** GPOOL_FAULT_SEED, or a new seed; written to the test's log, so that a failure can be run again. */
export function faultSeed(t: ExecutionContext): number {
  const seed = Number(process.env.GPOOL_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.log(`GPOOL_FAULT_SEED=${seed}`);
  return seed;
}
