// Compares what small fixed batches cost with bench/counts.json and fails when something rose by more than its slack:
// npm run bench:count [-- --update]. What the Manager does is the same every time. On a host and its wire chance has a part, which
// only ever adds: the least of several runs is what a batch costs, and even that differs with the machine's load.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../test/helpers/package-root.js';
import { countBatch, type HostCounts } from './count-batch.js';
import { countManager, type ManagerCounts } from './count-manager.js';

type Counts = HostCounts & ManagerCounts;

const FILE = join(packageRoot(), 'bench', 'counts.json');
const RUNS = 5;
/** One process more for each job is half as many again, which is what the first one is to find. */
const SLACK: Readonly<Record<keyof Counts, number>> = {
  forks: 1.3,
  bytesUp: 1.1,
  bytesDown: 1.1,
  roundTrips: 1.05,
  journalWrites: 1.05,
  journalSyncs: 1.05,
};

async function countAll(): Promise<Counts> {
  const runs: HostCounts[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await countBatch());
  const least = (key: keyof HostCounts) => Math.min(...runs.map((counts) => counts[key]));
  return {
    forks: least('forks'),
    bytesUp: least('bytesUp'),
    bytesDown: least('bytesDown'),
    ...(await countManager()),
  };
}

/** One line for each count; the answer says whether all are within the slack. */
function compare(counts: Counts, before: Counts): boolean {
  let good = true;
  for (const key of Object.keys(counts) as (keyof Counts)[]) {
    const rose = !(counts[key] <= before[key] * SLACK[key]);
    good &&= !rose;
    const change = ((counts[key] / before[key] - 1) * 100).toFixed(1);
    process.stdout.write(
      `${key.padEnd(14)} ${counts[key]} (was ${before[key]}, ${change} %)${rose ? '  ROSE' : ''}\n`,
    );
  }
  return good;
}

const counts = await countAll();
if (process.argv.includes('--update')) await writeFile(FILE, `${JSON.stringify(counts, null, 2)}\n`);
else if (!compare(counts, JSON.parse(await readFile(FILE, 'utf8')))) process.exitCode = 1;
