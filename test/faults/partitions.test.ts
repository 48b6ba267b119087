import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/random.js';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { FULL, faultSeed } from './harness/effort.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';

/** How long four of eight machines cannot be reached. Silence is noticed after 4 s: a shorter partition is only a pause. */
const SECONDS = FULL ? [5, 60, 300] : [2, 12];

for (const seconds of SECONDS) {
  sshdTest(
    `four of eight machines out of reach for ${seconds} s: no job is started anew, and all results come home`,
    async (t) => {
      t.timeout(900_000);
      const random = seededRandom(faultSeed(t));
      const lab = await startLab();
      t.teardown(() => lab.close());
      const home = await lab.directory('home');
      const batch = join(home, 'b');
      const cutOff = lab.machines.filter((_, at) => at % 2 === 0);
      const controller = Controller.run({ sshConfig: lab.sshConfig, home, jobs: 80, sleep: '3' });
      await Promise.all(cutOff.map((machine) => machine.atWork()));
      await pause(random() * 3_000);

      for (const machine of cutOff) await lab.firewall.partition(machine);
      await pause(seconds * 1000);
      await lab.firewall.healAll();
      const healed = Date.now();

      const { code, stderr } = await controller.ended;
      t.is(code, 0, stderr);
      t.deepEqual(await checkInvariants(batch, await lab.witnesses()), []);
      const history = await readHistory(batch);
      const attempts = [...history.attempts.values()];
      t.deepEqual(restarts(history), []);
      const names = cutOff.map(({ name }) => name);
      const last = attempts
        .filter(({ host, launchedAt }) => names.includes(host) && launchedAt < healed)
        .map(({ settledAt }) => settledAt - healed);
      const lateMs = Math.max(...last);
      t.log(`the last result that a partition kept back came ${(lateMs / 1000).toFixed(1)} s after the heal`);
      t.true(lateMs <= 30_000);
    },
  );
}

sshdTest(
  'what four machines have that stay out of reach runs elsewhere after --lost-after, and their late results change nothing',
  async (t) => {
    t.timeout(300_000);
    const lab = await startLab();
    t.teardown(() => lab.close());
    const home = await lab.directory('home');
    const batch = join(home, 'b');
    const cutOff = lab.machines.filter((_, at) => at % 2 === 0);
    const options = ['--lost-after', '10'];
    const controller = Controller.run({ sshConfig: lab.sshConfig, home, jobs: 100, sleep: '2', options });
    await Promise.all(cutOff.map((machine) => machine.atWork()));
    for (const machine of cutOff) await lab.firewall.partition(machine);
    const { code, stderr } = await controller.ended;
    await lab.firewall.healAll();
    t.is(code, 0, stderr);
    const givenUp = cutOff.map(({ name }) => name);
    t.deepEqual(await checkInvariants(batch, await lab.witnesses(), { givenUp }), []);
    const attempts = [...(await readHistory(batch)).attempts.values()];
    const again = attempts.filter(({ reason }) => reason.includes('E_HOST_SILENT'));
    t.true(again.length > 0 && again.every(({ host }) => givenUp.includes(host)));
  },
);
