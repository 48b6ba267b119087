import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type Random, seededRandom } from '../../src/random.js';
import { sshdTest } from '../helpers/tiers.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { FULL, faultSeed } from './harness/effort.js';
import { type HostWitness, parseTestimony } from './harness/evidence.js';
import { type History, readHistory } from './harness/history.js';
import { type Lab, startLab } from './harness/lab.js';
import type { Machine } from './harness/machine.js';

/** Moments at which two of eight machines lose their power. */
const CUTS = FULL ? 50 : 3;
const JOBS = FULL ? 400 : 120;

sshdTest(
  `two of eight machines lose their power, ${CUTS} times: what they held runs once more, elsewhere nothing does`,
  async (t) => {
    t.timeout(3_600_000);
    const random = seededRandom(faultSeed(t));
    const lab = await startLab();
    t.teardown(() => lab.close());
    let worst = 0;
    let lost = 0;
    for (let cut = 1; cut <= CUTS; cut++) {
      const told = await cutTwo(t, lab, random);
      worst = Math.max(worst, told.slowestMs);
      lost += told.lost;
    }
    t.log(
      `${lost} attempts were lost in ${CUTS} cuts; the last of a cut was told ${(worst / 1000).toFixed(1)} s after its host was back`,
    );
    t.true(worst <= 60_000);
  },
);

/** A batch in which two machines go down at a random time, half of the time without a word, and come back. */
async function cutTwo(t: ExecutionContext, lab: Lab, random: Random) {
  const home = await lab.directory('home');
  const batch = join(home, 'b');
  const controller = Controller.run({ sshConfig: lab.sshConfig, home, jobs: JOBS, sleep: '0.5' });
  const victims = pickTwo(lab.machines, random);
  await Promise.all(victims.map((machine) => machine.atWork()));
  await pause(random() * 8_000);
  for (const machine of victims) {
    const isSilent = random() < 0.5;
    if (isSilent) await lab.firewall.partition(machine);
    await machine.powerCut();
  }
  await pause(random() * 3_000);
  await lab.firewall.healAll();
  await Promise.all(victims.map((machine) => machine.boot()));
  const back = Date.now();
  const { code, stderr } = await controller.ended;
  t.is(code, 0, stderr);
  const witnesses = await lab.witnesses();
  t.deepEqual(await checkInvariants(batch, witnesses), []);
  return judgeLosses(t, await readHistory(batch), { witnesses, victims, back });
}

interface Cut {
  readonly witnesses: readonly HostWitness[];
  readonly victims: readonly Machine[];
  /** When the victims were up again, milliseconds since 1970. */
  readonly back: number;
}

function judgeLosses(t: ExecutionContext, history: History, { witnesses, victims, back }: Cut) {
  const lost = [...history.attempts.values()].filter(
    ({ settled, ends }) => settled.includes('requeued') && !ends.includes('recalled'),
  );
  const names = victims.map(({ name }) => name);
  const elsewhere = lost.filter(({ host }) => !names.includes(host));
  t.deepEqual(elsewhere, [], 'no effect on other hosts');
  t.is(new Set(lost.map(({ job }) => job)).size, lost.length, 'no job is lost twice');
  const began = witnesses.flatMap(({ lines }) => lines.map(parseTestimony));
  for (const { id, reason } of lost) {
    const ran = began.some((line) => line?.run === history.batch && line.attempt === id);
    // The power went while its record was being made: then only its supervisor is known to be gone.
    t.regex(reason, ran ? /E_REBOOTED/ : /E_REBOOTED|E_SUPERVISOR/);
  }
  return { lost: lost.length, slowestMs: Math.max(0, ...lost.map(({ settledAt }) => settledAt - back)) };
}

function pickTwo(machines: readonly Machine[], random: Random): Machine[] {
  const first = Math.floor(random() * machines.length);
  const second = (first + 1 + Math.floor(random() * (machines.length - 1))) % machines.length;
  return machines.filter((_, at) => at === first || at === second);
}
