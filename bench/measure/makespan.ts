import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJournal } from '../../src/journal/journal-reader.js';
import { seededRandom } from '../../src/random.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { listSchedule } from '../list-schedule.js';
import { type Measurement, scaled } from '../measurement.js';
import { type ParallelKind, parallelContestant, runParallel } from '../peers/parallel.js';

const HOSTS = 4;
const SLOTS = 2;
const JOBS = 64;

/** The same list every time: 0.2 to 2 s. */
function listSleeps(count: number): readonly number[] {
  const random = seededRandom(6);
  return Array.from({ length: count }, () => Number((0.2 + 1.8 * random()).toFixed(2)));
}

/** From the first start on a host to the last end, by the journal: the command's own start-up left out. */
async function spanOnHosts(batch: string): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  await readJournal(join(batch, 'journal.jsonl'), (event) => {
    if (event.type !== 'job.ended') return;
    first = Math.min(first, event.usage.startedAt);
    last = Math.max(last, event.usage.startedAt + event.usage.wallMs);
  });
  return (last - first) / 1000;
}

export const makespan: Measurement = {
  goal: 'P6',
  name: 'makespan',
  what: `${JOBS} sleeps of 0.2 to 2 s over ${HOSTS} hosts of ${SLOTS} slots, over the list schedule without overhead`,
  unit: '× the list schedule',
  targets: [
    { ours: 'gpool, first start to last end', against: 1, most: 1.02 },
    { ours: 'gpool, whole command', against: 1, most: 1.02 },
    { ours: 'gpool, whole command', against: 'GNU parallel', most: 1 },
    { ours: 'gpool, whole command', against: 'GNU parallel, ControlMaster', most: 1 },
  ],
  prepare: async (lab) => {
    const sleeps = listSleeps(scaled(lab, JOBS));
    const ideal = listSchedule(sleeps, HOSTS * SLOTS);
    const hosts = lab.hosts.names.slice(0, HOSTS).map((name) => `${SLOTS}/${name}`);
    const list = lab.fresh('sleeps');
    await writeFile(list, sleeps.map((sleep) => `${sleep}\n`).join(''));
    let span = Number.NaN;
    return [
      {
        name: 'gpool, whole command',
        kind: 'ours',
        run: async () => {
          const { seconds, batch } = await runGpool(lab, hosts, ['-a', list, '--', 'sleep']);
          span = await spanOnHosts(batch);
          return seconds / ideal;
        },
      },
      { name: 'gpool, first start to last end', kind: 'ours', run: async () => span / ideal },
      ...(['ControlMaster', 'plain'] as const).map((kind) =>
        parallelContestant(kind, (how) =>
          parallelSpan(lab, how, hosts, list).then((seconds) => seconds / ideal),
        ),
      ),
    ];
  },
};

async function parallelSpan(lab: Lab, kind: ParallelKind, hosts: readonly string[], list: string) {
  return (await runParallel(lab, kind, hosts, ['-a', list, 'sleep'])).seconds;
}
