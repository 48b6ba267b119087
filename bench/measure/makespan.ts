import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { listSchedule } from '../list-schedule.js';
import type { Contestant, Measurement } from '../measurement.js';
import { listNapHosts, listNaps, NAP_HOSTS, NAP_JOBS, NAP_SLOTS } from '../nap-list.js';
import { napRows, wholeCommand } from '../nap-rows.js';
import { Naps } from '../naps.js';
import { runArrayOfNaps } from '../peers/array-naps.js';
import { findNoBatchSystem, type StartBatchSystem } from '../peers/batch-system.js';
import { GRID_ENGINE, startGridEngine } from '../peers/grid-engine.js';
import { PARALLEL } from '../peers/parallel.js';
import { parallelNaps } from '../peers/parallel-naps.js';
import { SLURM, startSlurm } from '../peers/slurm.js';

const PEERS = ['GNU parallel, ControlMaster', 'GNU parallel', 'Slurm', 'Grid Engine'];

export const makespan: Measurement = {
  goal: 'P6',
  name: 'makespan',
  what: `${NAP_JOBS} sleeps of 0.2 to 2 s over ${NAP_HOSTS} hosts of ${NAP_SLOTS} slots: first start to last end, over the list schedule without overhead`,
  unit: '× the list schedule',
  targets: [
    { ours: 'gpool', against: 1, most: 1.02 },
    ...PEERS.map((peer) => ({ ours: 'gpool', against: peer, most: 1 })),
    ...PEERS.map((peer) => ({ ours: wholeCommand('gpool'), against: wholeCommand(peer), most: 1 })),
  ],
  programs: { ...PARALLEL, ...SLURM, ...GRID_ENGINE },
  prepare: async (lab) => {
    const naps = await Naps.write(lab, listNaps(lab));
    const best = listSchedule(naps.seconds, NAP_HOSTS * NAP_SLOTS);
    const hosts = listNapHosts(lab);
    const system = (name: string, start: StartBatchSystem, missing: string | undefined): Contestant[] =>
      napRows({ name, kind: 'peer', missing }, best, () => runArrayOfNaps(lab, naps, start));
    return [
      ...napRows({ name: 'gpool', kind: 'ours' }, best, () => gpoolNaps(lab, hosts, naps)),
      ...parallelNaps(lab, 'ControlMaster', hosts, naps, best),
      ...parallelNaps(lab, 'plain', hosts, naps, best),
      ...system('Slurm', startSlurm, findNoBatchSystem(SLURM)),
      ...system('Grid Engine', startGridEngine, findNoBatchSystem(GRID_ENGINE)),
    ];
  },
};

async function gpoolNaps(lab: Lab, hosts: readonly string[], naps: Naps) {
  const times = naps.freshTimes();
  const { seconds } = await runGpool(lab, hosts, ['-a', naps.list, '--', naps.command('{}', times)]);
  return { seconds, jobs: await naps.readTimes(times) };
}
