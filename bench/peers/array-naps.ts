import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { waitFor } from '../../test/helpers/wait-for.js';
import type { Lab } from '../lab.js';
import { NAP_HOSTS, NAP_SLOTS } from '../nap-list.js';
import type { NapRun, Naps } from '../naps.js';
import type { StartBatchSystem } from './batch-system.js';

const LIMIT_MS = 300_000;

/** Runs the naps as one array job of a batch system that stands only meanwhile; the clock starts with the submission. */
export async function runArrayOfNaps(lab: Lab, naps: Naps, start: StartBatchSystem): Promise<NapRun> {
  const directory = lab.fresh('system', lab.hostDirectory);
  const system = await start(directory, NAP_HOSTS, NAP_SLOTS);
  try {
    const times = naps.freshTimes();
    const script = `${directory}/naps.sh`;
    const take = naps.command(`"\${naps[\${SLURM_ARRAY_TASK_ID:-$SGE_TASK_ID} - 1]}"`, times);
    await writeFile(script, `#!/bin/bash\nmapfile -t naps <${naps.list}\nexec ${take}\n`);
    await mkdir(`${directory}/outputs`);
    const submitted = Date.now() / 1000;
    await system.submitArray(script, naps.seconds.length, `${directory}/outputs`);
    await waitFor(async () => (await countLines(times)) >= naps.seconds.length, {
      limitMs: LIMIT_MS,
      what: 'the last job',
    });
    const jobs = await naps.readTimes(times);
    return { jobs, seconds: Math.max(...jobs.map(({ end }) => end)) - submitted };
  } finally {
    await system.stop();
  }
}

async function countLines(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}
