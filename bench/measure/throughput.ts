import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { runGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Contestant, type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { runBareLoop } from '../peers/bare-loop.js';
import { DASK, daskContestant } from '../peers/dask.js';
import { PARALLEL, type ParallelKind, parallelContestant, runParallel } from '../peers/parallel.js';

const SLOTS = 8;
const UP = ', hosts up to last result';

/** Jobs a second of a whole `gpool run`, start-up and login included. */
export async function gpoolRate(lab: Lab, hosts: readonly string[], jobs: number): Promise<number> {
  return (await gpoolRates(lab, hosts, jobs)).whole;
}

/** `up` counts from the first host that is ready to the last result that is kept, as Dask's clock does. */
async function gpoolRates(lab: Lab, hosts: readonly string[], jobs: number) {
  const numbers = await writeNumbers(lab.fresh('numbers'), jobs);
  const { seconds, batch } = await runGpool(lab, hosts, ['-a', numbers, '--', 'true']);
  const times = new Map<string, number[]>();
  await readJournal(new BatchDirectory(batch).journalFile, ({ type, at }) => {
    times.set(type, [...(times.get(type)?.slice(0, 1) ?? []), Date.parse(at)]);
  });
  const [ready = Number.NaN] = times.get('host.ready') ?? [];
  const done = times.get('job.done')?.at(-1) ?? Number.NaN;
  return { whole: jobs / seconds, up: (jobs * 1000) / (done - ready) };
}

/** Two rows of one run. */
function gpoolRows(lab: Lab, name: string, hosts: readonly string[]): Contestant[] {
  let up = Number.NaN;
  const run = async () => {
    const rates = await gpoolRates(lab, hosts, scaled(lab, 5000));
    up = rates.up;
    return rates.whole;
  };
  return [
    { name, kind: 'ours', run },
    { name: `${name}${UP}`, kind: 'ours', run: async () => up },
  ];
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
    { ours: `gpool${UP}`, against: 'Dask over ssh', least: 1 },
    { ours: 'gpool', against: 'Dask over ssh', least: 1 },
    { ours: 'gpool', against: 'bare bash loop', least: 0.9 },
  ],
  programs: { ...PARALLEL, ...DASK },
  prepare: async (lab) => [
    ...gpoolRows(lab, 'gpool', [`${SLOTS}/h1`]),
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
    { ours: `gpool, 4 hosts${UP}`, against: 'Dask over ssh', least: 1 },
    { ours: 'gpool, 4 hosts', against: 'Dask over ssh', least: 1 },
    { ours: 'gpool, 4 hosts', against: 'GNU parallel', least: 10 },
    { ours: 'gpool, 4 hosts', against: 'GNU parallel, ControlMaster', least: 10 },
  ],
  programs: { ...PARALLEL, ...DASK },
  prepare: async (lab) => [
    ...[1, 4, 16].flatMap((count) =>
      gpoolRows(lab, `gpool, ${count} host${count === 1 ? '' : 's'}`, spread(lab, count)),
    ),
    ...peers(lab, spread(lab, 4)),
  ],
};
