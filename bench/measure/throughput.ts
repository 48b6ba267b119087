import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { runBareLoop } from '../peers/bare-loop.js';
import { DASK, daskContestant } from '../peers/dask.js';
import { PARALLEL, type ParallelKind, parallelContestant, runParallel } from '../peers/parallel.js';

const SLOTS = 8;

/** Jobs a second of a whole `gpool run`, start-up and login included. */
export async function gpoolRate(lab: Lab, hosts: readonly string[], jobs: number): Promise<number> {
  const numbers = await writeNumbers(lab.fresh('numbers'), jobs);
  const { seconds } = await runGpool(lab, hosts, ['-a', numbers, '--', 'true']);
  return jobs / seconds;
}

async function parallelRate(lab: Lab, kind: ParallelKind, hosts: readonly string[], jobs: number) {
  const numbers = await writeNumbers(lab.fresh('numbers'), jobs);
  const { seconds } = await runParallel(lab, kind, hosts, ['-a', numbers, 'true']);
  return jobs / seconds;
}

function peers(lab: Lab, hosts: readonly string[]): Contestant[] {
  return [
    parallelContestant('plain', (kind) => parallelRate(lab, kind, hosts, scaled(lab, 100))),
    parallelContestant('ControlMaster', (kind) => parallelRate(lab, kind, hosts, scaled(lab, 500))),
    daskContestant(lab, hosts.length, scaled(lab, 5000)),
  ];
}

export const throughput: Measurement = {
  goal: 'P1',
  name: 'throughput',
  what: `short jobs (true) on one host over SSH, ${SLOTS} slots, everything kept, journal on disk`,
  unit: 'jobs/s',
  targets: [
    { ours: 'gpool', against: 'GNU parallel', least: 45 },
    { ours: 'gpool', against: 'GNU parallel, ControlMaster', least: 10 },
    { ours: 'gpool', against: 'Dask over ssh', least: 1 },
    { ours: 'gpool', against: 'bare bash loop', least: 0.9 },
  ],
  programs: { ...PARALLEL, ...DASK },
  prepare: async (lab) => [
    { name: 'gpool', kind: 'ours', run: () => gpoolRate(lab, [`${SLOTS}/h1`], scaled(lab, 5000)) },
    { name: 'bare bash loop', kind: 'limit', run: () => runBareLoop(lab, scaled(lab, 5000), SLOTS) },
    ...peers(lab, [`${SLOTS}/h1`]),
  ],
};

/** The slots are spread over the hosts, so that all rows have the same machine to use. */
function spread(lab: Lab, count: number): string[] {
  const slots = Math.max(1, SLOTS / count);
  return lab.hosts.names.slice(0, count).map((name) => `${slots}/${name}`);
}

export const manyHosts: Measurement = {
  goal: 'P2',
  name: 'many-hosts',
  what: 'the same over 4 and 16 hosts (which are the same two cores), journal on disk',
  unit: 'jobs/s',
  targets: [
    { ours: 'gpool, 4 hosts', against: 'gpool, 1 host', least: 1 },
    { ours: 'gpool, 16 hosts', against: 'gpool, 1 host', least: 1 },
    { ours: 'gpool, 4 hosts', against: 'Dask over ssh', least: 1 },
    { ours: 'gpool, 4 hosts', against: 'GNU parallel', least: 10 },
    { ours: 'gpool, 4 hosts', against: 'GNU parallel, ControlMaster', least: 10 },
  ],
  programs: { ...PARALLEL, ...DASK },
  prepare: async (lab) => [
    ...[1, 4, 16].map((count): Contestant => {
      const name = `gpool, ${count} host${count === 1 ? '' : 's'}`;
      return { name, kind: 'ours', run: () => gpoolRate(lab, spread(lab, count), scaled(lab, 5000)) };
    }),
    ...peers(lab, spread(lab, 4)),
  ],
};
