// Compares what a small fixed batch costs with bench/counts.json and fails when something rose by more than 5 %:
// npm run bench:count [-- --update]. How events meet in one write is partly chance, so the least of five runs is compared
// with the median that was kept.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../test/helpers/package-root.js';
import { median } from '../numbers.js';
import { type Counts, countBatch } from './count-batch.js';

const FILE = join(packageRoot(), 'bench', 'counts.json');
const RUNS = 5;
const SLACK = 1.05;

async function countAll(pick: (samples: readonly number[]) => number): Promise<Counts> {
  const runs: Counts[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await countBatch());
  const of = (key: keyof Counts) => pick(runs.map((counts) => counts[key]));
  return {
    forks: of('forks'),
    bytesUp: of('bytesUp'),
    bytesDown: of('bytesDown'),
    journalWrites: of('journalWrites'),
    journalSyncs: of('journalSyncs'),
  };
}

/** One line for each count; the answer says whether all are within the slack. */
function compare(counts: Counts, before: Counts): boolean {
  let good = true;
  for (const key of Object.keys(counts) as (keyof Counts)[]) {
    const rose = counts[key] > before[key] * SLACK;
    good &&= !rose;
    const change = ((counts[key] / before[key] - 1) * 100).toFixed(1);
    process.stdout.write(
      `${key.padEnd(14)} ${counts[key]} (was ${before[key]}, ${change} %)${rose ? '  ROSE' : ''}\n`,
    );
  }
  return good;
}

if (process.argv.includes('--update')) {
  await writeFile(FILE, `${JSON.stringify(await countAll(median), null, 2)}\n`);
} else {
  const counts = await countAll((samples) => Math.min(...samples));
  if (!compare(counts, JSON.parse(await readFile(FILE, 'utf8')))) process.exitCode = 1;
}
