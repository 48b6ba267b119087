import { findMissing } from '../find-missing.js';
import type { Lab } from '../lab.js';
import type { Contestant } from '../measurement.js';
import { napRows } from '../nap-rows.js';
import type { Naps } from '../naps.js';
import { PARALLEL, type ParallelKind, parallelName, runParallel } from './parallel.js';

/** GNU parallel with the naps in their order, over the seconds that would be best. */
export function parallelNaps(
  lab: Lab,
  kind: ParallelKind,
  hosts: readonly string[],
  naps: Naps,
  best: number,
): Contestant[] {
  const contestant = { name: parallelName(kind), kind: 'peer', missing: findMissing(PARALLEL) } as const;
  return napRows(contestant, best, async () => {
    const times = naps.freshTimes();
    const { seconds } = await runParallel(lab, kind, hosts, ['-a', naps.list, naps.command('{}', times)]);
    return { seconds, jobs: await naps.readTimes(times) };
  });
}
