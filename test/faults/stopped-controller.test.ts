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

const HOUR = 3_600_000;

/** Date is what jumps when somebody sets a clock; timers and performance.now go on. */
const JUMPING_CLOCK = `
const now = Date.now;
const shift = () => [0, 8, -8, 0][Math.floor(performance.now() / 2000) % 4] * ${HOUR};
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
