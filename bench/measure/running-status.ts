import { once } from 'node:events';
import { askManager } from '../../src/batch/control-client.js';
import { waitFor } from '../../test/helpers/wait-for.js';
import { GPOOL, startGpool } from '../gpool.js';
import type { Lab } from '../lab.js';
import { type Measurement, scaled } from '../measurement.js';
import { writeNumbers } from '../numbers.js';
import { runCommand } from '../run-command.js';

const JOBS = 100_000;
const MOST_WAIT_MS = 300_000;

/** A batch whose first fifth is done and whose other jobs take longer than anybody looks. Answers its directory. */
async function startBatch(lab: Lab): Promise<string> {
  const jobs = scaled(lab, JOBS);
  const done = Math.floor(jobs / 5);
  const numbers = await writeNumbers(lab.fresh('numbers'), jobs);
  const { child, batch } = startGpool(
    lab,
    ['8/h1'],
    ['-a', numbers, '--', `test {} -le ${done} || sleep 600`],
  );
  const exited = once(child, 'exit');
  lab.onClose(async () => {
    const order = { kind: 'cancel', jobs: 'all', host: null } as const;
    await askManager({ path: batch }, { ask: 'order', order }).catch(() => child.kill());
    await exited;
  });
  const isReady = async () => (await askManager({ path: batch }, { ask: 'progress' }))?.counts.done === done;
  await waitFor(isReady, { limitMs: MOST_WAIT_MS, what: 'the jobs that end at once' });
  return batch;
}

export const runningStatus: Measurement = {
  goal: 'P11',
  name: 'running-status',
  what: `\`gpool status\` of a batch of ${JOBS.toLocaleString('en-US')} jobs that runs, a fifth of them done: the whole command`,
  unit: 's',
  targets: [{ ours: 'gpool status', against: 0.2, most: 1 }],
  prepare: async (lab) => {
    const batch = await startBatch(lab);
    const time = async (args: readonly string[]) => (await runCommand('node', args)).seconds;
    return [
      { name: 'gpool status', kind: 'ours', run: () => time([GPOOL, 'status', batch]) },
      { name: 'the answer alone', kind: 'limit', run: () => timeAnswer(batch) },
      { name: 'node, loading gpool', kind: 'limit', run: () => time([GPOOL, 'status', '--help']) },
      { name: 'node, nothing', kind: 'limit', run: () => time(['-e', '0']) },
    ];
  },
};

async function timeAnswer(path: string): Promise<number> {
  const started = performance.now();
  if (!(await askManager({ path }, { ask: 'overview', most: 30 }))) throw new Error('nobody answers');
  return (performance.now() - started) / 1000;
}
