import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { checkHome, checkProcesses, checkSecret } from './harness/check-surroundings.js';
import { Controller, SECRET } from './harness/controller.js';
import { faultSeed } from './harness/effort.js';
import { type Lab, startLab } from './harness/lab.js';
import { Nemesis } from './harness/nemesis.js';
import { Vitals } from './harness/vitals.js';

/** How long things go wrong. 600 gives 3,600 jobs. */
const SECONDS = Number(process.env.GPOOL_SOAK_SECS ?? 60);

sshdTest(
  `${SECONDS} s in which everything goes wrong that can: every invariant holds, and the controller stays slim`,
  async (t) => {
    t.timeout((SECONDS + 900) * 1000);
    const random = seededRandom(faultSeed(t));
    const lab = await startLab({ diskKiB: 96 * 1024 });
    t.teardown(() => lab.close());
    const soak = new Soak(t, lab, random);
    await soak.run();
    await soak.judge();
  },
);

class Soak {
  readonly #nemesis: Nemesis;
  readonly #vitals = new Vitals();
  readonly #trouble: Promise<void>[] = [];
  #home = '';
  #kills = 0;
  #naps = 0;
  #incomplete = 0;

  constructor(
    readonly t: ExecutionContext,
    readonly lab: Lab,
    readonly random: Random,
  ) {
    this.#nemesis = new Nemesis(lab, random);
  }

  /** One batch; trouble every few seconds until time is up or the batch is over. Then all is healed, and it must come to its end. */
  async run(): Promise<void> {
    this.#home = await this.lab.directory('home');
    const home = this.#home;
    const order = {
      sshConfig: this.lab.sshConfig,
      home,
      jobs: SECONDS * 6,
      sleep: '2',
      options: ['--retries', '9'],
    };
    let controller = Controller.run(order);
    const until = performance.now() + SECONDS * 1000;
    while (performance.now() < until && controller.isRunning) {
      this.#vitals.note(controller);
      await pause(500 + this.random() * 3_000);
      controller = await this.#makeTrouble(controller);
    }
    await this.#nemesis.healAll();
    await Promise.all(this.#trouble);
    await this.#finish(controller);
  }

  /** A batch may end incomplete when a host was given up while it was harmed; it is gone on with then. */
  async #finish(controller: Controller): Promise<void> {
    const { code, stderr } = await this.#vitals.watch(controller);
    if (code === INCOMPLETE && this.#incomplete < 5) {
      this.#incomplete += 1;
      return this.#finish(Controller.resume({ home: this.#home }));
    }
    this.t.is(code, 0, stderr);
  }

  async judge(): Promise<void> {
    const { t, lab } = this;
    const full = [...this.#nemesis.filled];
    t.log(
      Object.fromEntries(this.#nemesis.struck),
      `controller killed ${this.#kills}, frozen ${this.#naps}, incomplete ${this.#incomplete} times`,
    );
    t.log(this.#vitals.describe());
    t.deepEqual(await checkInvariants(join(this.#home, 'b'), await lab.witnesses(), { full }), []);
    t.deepEqual(await checkHome(this.#home, ['b']), []);
    for (const machine of lab.machines) t.deepEqual(await checkProcesses(machine), []);
    t.deepEqual(await checkSecret(SECRET, [this.#home, ...lab.machines.map(({ disk }) => disk)]), []);
    t.deepEqual(this.#vitals.faults(), []);
  }

  /** Once in ten it is the controller that dies, once in ten it stands still for longer than a link may be silent. */
  async #makeTrouble(controller: Controller): Promise<Controller> {
    const lot = this.random();
    if (lot < 0.1) {
      this.#kills += 1;
      await controller.kill();
      const soFar = await checkInvariants(join(this.#home, 'b'), await this.lab.witnesses(), {
        complete: false,
        full: [...this.#nemesis.filled],
      });
      this.t.deepEqual(soFar, [], `after kill ${this.#kills}`);
      return Controller.resume({ home: this.#home });
    }
    if (lot < 0.2) {
      this.#naps += 1;
      controller.freeze();
      await pause(this.random() * 8_000);
      controller.thaw();
    } else this.#trouble.push(this.#nemesis.strike());
    return controller;
  }
}

/** The exit code of a batch of which something is unknown still. */
const INCOMPLETE = 6;
