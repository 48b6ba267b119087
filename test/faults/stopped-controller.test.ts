import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { FULL } from './harness/effort.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';

/** Several times what it takes to call a link dead. */
const SECONDS = FULL ? 600 : 15;

sshdTest(
  `a controller that stands still for ${SECONDS} s, as a laptop that sleeps, calls no host and no job lost`,
  async (t) => {
    t.timeout(900_000);
    const lab = await startLab();
    t.teardown(() => lab.close());
    const home = await lab.directory('home');
    const batch = join(home, 'b');
    const controller = Controller.run({ sshConfig: lab.sshConfig, home, jobs: 200, sleep: '1' });
    await Promise.all(lab.machines.map((machine) => machine.atWork()));
    controller.freeze();
    await pause(SECONDS * 1000);
    controller.thaw();
    const woke = Date.now();
    const { code, stderr } = await controller.ended;
    t.log(`over ${((Date.now() - woke) / 1000).toFixed(1)} s after it woke`);
    t.is(code, 0, stderr);
    t.deepEqual(await checkInvariants(batch, await lab.witnesses()), []);
    const history = await readHistory(batch);
    const { hostsLost } = history;
    t.deepEqual(restarts(history), []);
    t.deepEqual(hostsLost, []);
  },
);

sshdTest(
  'a controller whose wall clock jumps by eight hours, back and forth, calls no host and no job lost',
  async (t) => {
    t.timeout(300_000);
    const lab = await startLab();
    t.teardown(() => lab.close());
    const home = await lab.directory('home');
    const batch = join(home, 'b');
    const jumps = join(await lab.directory('clock'), 'jump.mjs');
    await writeFile(jumps, JUMPING_CLOCK);
    const env = { NODE_OPTIONS: `--import=${jumps}` };
    const { code, stderr } = await Controller.run({
      sshConfig: lab.sshConfig,
      home,
      jobs: 200,
      sleep: '1',
      env,
    }).ended;
    t.is(code, 0, stderr);
    t.deepEqual(await checkInvariants(batch, await lab.witnesses()), []);
    const history = await readHistory(batch);
    const { hostsLost, times } = history;
    t.deepEqual(restarts(history), []);
    t.deepEqual(hostsLost, []);
    const steps = times.slice(1).map((time, at) => time - (times[at] ?? time));
    t.true(
      steps.some((step) => step > 7 * HOUR) && steps.some((step) => step < -7 * HOUR),
      'the clock did jump',
    );
  },
);

for (const hours of [8, -8]) {
  sshdTest(
    `a clock that is set by ${hours} hours between a kill and the resume ends nothing and makes nothing wait`,
    async (t) => {
      t.timeout(300_000);
      const lab = await startLab({ machines: 2 });
      t.teardown(() => lab.close());
      const home = await lab.directory('home');
      const clock = join(await lab.directory('clock'), 'set.mjs');
      await writeFile(clock, shiftingClock(String(hours)));
      const options = ['--timeout', '300', '--retries', '2', '--retry-delay', '2s'];
      const order = { sshConfig: lab.sshConfig, hosts: '2/m[1-2]', home, jobs: 24, sleep: '2', options };
      const controller = Controller.run(order);
      await Promise.all(lab.machines.map((machine) => machine.atWork()));
      await controller.kill();
      const began = Date.now();
      const env = { NODE_OPTIONS: `--import=${clock}` };
      const { code, stderr } = await Controller.resume({ home, env }).ended;
      t.is(code, 0, stderr);
      t.true(Date.now() - began < 120_000);
      t.deepEqual(await checkInvariants(join(home, 'b'), await lab.witnesses()), []);
      t.deepEqual(restarts(await readHistory(join(home, 'b'))), []);
    },
  );
}

const HOUR = 3_600_000;

/** Date is what jumps when somebody sets a clock; timers and performance.now go on. By so many hours: an expression. */
function shiftingClock(hours: string): string {
  return `
const now = Date.now;
const shift = () => (${hours}) * ${HOUR};
globalThis.Date = class extends Date {
  constructor(...args) {
    if (args.length === 0) super(now() + shift());
    else super(...args);
  }
  static now() {
    return now() + shift();
  }
};
`;
}

const JUMPING_CLOCK = shiftingClock('[0, 8, -8, 0][Math.floor(performance.now() / 2000) % 4]');
