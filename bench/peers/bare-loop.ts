import { mkdir, readdir, rm } from 'node:fs/promises';
import type { Lab } from '../lab.js';
import { runCommand } from '../run-command.js';

/** No ssh, no queue: a bash loop that starts `bash -c` and keeps stdout, stderr and exit code in three files. */
const LOOP = `
for ((i = 1; i <= $1; i++)); do
  ((i <= $2)) || wait -n
  { bash -c "true $i" >"$3/$i.out" 2>"$3/$i.err"; echo $? >"$3/$i.rc"; } </dev/null &
done
wait`;

/** Jobs a second of the bare bash loop, so many at once. */
export async function runBareLoop(lab: Lab, jobs: number, slots: number): Promise<number> {
  const directory = lab.fresh('loop', lab.hostDirectory);
  await mkdir(directory);
  const { seconds } = await runCommand('bash', ['-c', LOOP, 'loop', String(jobs), String(slots), directory]);
  const kept = (await readdir(directory)).length;
  if (kept !== jobs * 3) throw new Error(`the loop kept ${kept} files of ${jobs} jobs`);
  await rm(directory, { recursive: true });
  return jobs / seconds;
}
