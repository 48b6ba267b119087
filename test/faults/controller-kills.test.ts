import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { checkInvariants } from './harness/check-invariants.js';
import { checkHome, checkProcesses, checkSecret } from './harness/check-surroundings.js';
import { Controller, SECRET } from './harness/controller.js';
import { FULL, faultSeed } from './harness/effort.js';
import { type Lab, startLab } from './harness/lab.js';

/** Kills in all, at most so many in one batch, and how large that is. */
const KILLS = FULL ? 200 : 20;
const KILLS_A_BATCH = 10;
const JOBS = FULL ? 500 : 150;

sshdTest(
  `a controller killed ${KILLS} times at random points loses, doubles and truncates nothing`,
  async (t) => {
    t.timeout(3_600_000);
    const seed = faultSeed(t);
    const random = seededRandom(seed);
    const lab = await startLab();
    t.teardown(() => lab.close());
    for (let kills = 0, batch = 1; kills < KILLS; batch++) {
      const done = await runAndKill(t, lab, random, Math.min(KILLS_A_BATCH, KILLS - kills));
      kills += done;
      t.log(`batch ${batch}: killed ${done} times, ${kills} of ${KILLS}`);
    }
  },
);

/** One batch on 8 hosts; answers how often its controller was killed. */
async function runAndKill(t: ExecutionContext, lab: Lab, random: Random, most: number): Promise<number> {
  const home = await lab.directory('home');
  const order = { sshConfig: lab.sshConfig, home, jobs: JOBS, sleep: '0.5' };
  let controller = Controller.run(order);
  const journal = join(home, 'b', 'journal.jsonl');
  await waitFor(
    () =>
      stat(journal).then(
        () => true,
        () => false,
      ),
    { limitMs: 60_000, what: 'a journal' },
  );
  let kills = 0;
  while (kills < most) {
    await pointOfDeath(journal, random, controller);
    if (!controller.isRunning) break;
    await controller.kill();
    kills += 1;
    const soFar = await checkInvariants(join(home, 'b'), await lab.witnesses(), { complete: false });
    t.deepEqual(soFar, [], `after kill ${kills}`);
    controller = Controller.resume({ home });
  }
  const { code, stderr } = await controller.ended;
  t.is(code, 0, stderr);
  t.deepEqual(await checkInvariants(join(home, 'b'), await lab.witnesses()), []);
  t.deepEqual(await checkHome(home, ['b']), []);
  for (const machine of lab.machines) t.deepEqual(await checkProcesses(machine), []);
  t.deepEqual(await checkSecret(SECRET, [home, ...lab.machines.map(({ disk }) => disk)]), []);
  return kills;
}

/** Half of the time a moment after the start, else the moment when the journal has grown by so many bytes. */
async function pointOfDeath(journal: string, random: Random, controller: Controller): Promise<void> {
  if (random() < 0.5) return pause(random() * 2_500);
  const size = async () => (await stat(journal)).size;
  const until = (await size()) + random() * 15_000;
  while (controller.isRunning && (await size()) < until) await pause(1);
}
