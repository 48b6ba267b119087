import { rm } from 'node:fs/promises';
import { GPOOL, runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { listSchedule } from '../list-schedule.js';
import type { Measurement } from '../measurement.js';
import { listNapHosts, listNaps, NAP_HOSTS, NAP_SLOTS } from '../nap-list.js';
import { napRows } from '../nap-rows.js';
import { type NapRun, Naps } from '../naps.js';
import { PARALLEL } from '../peers/parallel.js';
import { parallelNaps } from '../peers/parallel-naps.js';
import { runCommand } from '../run-command.js';

const SLOTS = NAP_HOSTS * NAP_SLOTS;

export const longestFirst: Measurement = {
  goal: 'P6',
  name: 'longest-first',
  what: 'the same sleeps a second time (`gpool rerun --all`), their run times known: first start to last end, over the least possible',
  unit: '× the least',
  targets: [
    { ours: 'gpool rerun', against: 1, most: 1.05 },
    { ours: 'gpool rerun', against: 'GNU parallel, ControlMaster', most: 1 },
  ],
  programs: PARALLEL,
  prepare: async (lab) => {
    const seconds = listNaps(lab);
    const sorted = [...seconds].sort((a, b) => b - a);
    const least = Math.max(seconds.reduce((sum, nap) => sum + nap, 0) / SLOTS, sorted[0] ?? 0);
    const hosts = listNapHosts(lab);
    const naps = await Naps.write(lab, seconds);
    return [
      ...napRows({ name: 'gpool rerun', kind: 'ours' }, least, secondBatch(lab, hosts, naps)),
      // It knows no run times: its list is sorted for it.
      ...parallelNaps(lab, 'ControlMaster', hosts, await Naps.write(lab, sorted), least),
      {
        name: 'sorted list, no overhead',
        kind: 'limit',
        run: async () => listSchedule(sorted, SLOTS) / least,
      },
    ];
  },
};

/** The first batch, in the order of the list, is run once and not on the clock. */
function secondBatch(lab: Lab, hosts: readonly string[], naps: Naps): () => Promise<NapRun> {
  const times = naps.freshTimes();
  let batch: string | undefined;
  return async () => {
    batch ??= (await runGpool(lab, hosts, ['-a', naps.list, '--', naps.command('{}', times)])).batch;
    await rm(times);
    const { seconds } = await runCommand(process.execPath, [GPOOL, 'rerun', batch, '--all']);
    return { seconds, jobs: await naps.readTimes(times) };
  };
}
