import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/random.js';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { FULL, faultSeed } from './harness/effort.js';
import { readHistory, restarts } from './harness/history.js';
import { startLab } from './harness/lab.js';
import type { Machine } from './harness/machine.js';

/** How often the name moves to the other machine and back. */
const MOVES = FULL ? 10 : 1;

sshdTest(
  'a name that leads to another machine over the same home for a while: nothing starts there, everything runs once',
  async (t) => {
    t.timeout(900_000);
    const random = seededRandom(faultSeed(t));
    const lab = await startLab({ machines: 2, oneHome: true });
    t.teardown(() => lab.close());
    const [first, second] = lab.machines;
    const { balancer } = lab;
    if (!first || !second || !balancer) throw new Error('no two machines');
    const home = await lab.directory('home');
    const batch = join(home, 'b');
    const controller = Controller.run({
      sshConfig: lab.sshConfig,
      hosts: '2/login',
      home,
      jobs: 4 + 4 * MOVES,
      // Longer than a connection takes: once nothing runs there, the other machine may go on with the batch.
      sleep: '10',
    });
    for (let moves = 1; moves <= MOVES; moves++) {
      await starts(first);
      await pause(random() * 2_000);
      balancer.leadTo(second);
      balancer.reset();
      await waitFor(async () => (await refusals(batch)) >= moves, {
        limitMs: 120_000,
        what: 'the other machine is refused',
      });
      balancer.leadTo(first);
      balancer.reset();
    }
    const { code, stderr } = await controller.ended;
    t.is(code, 0, stderr);
    const witness = { host: 'login', bootId: first.bootId, lines: await first.witness() };
    t.deepEqual(await checkInvariants(batch, [witness]), []);
    t.deepEqual(restarts(await readHistory(batch)), []);
  },
);

/** Resolves when the next job has begun. */
async function starts(machine: Machine): Promise<void> {
  const count = async () => (await machine.witness()).filter((line) => line.startsWith('start')).length;
  const before = await count();
  await waitFor(async () => (await count()) > before, { limitMs: 60_000, what: 'the next job' });
}

/** How often the journal tells that the name leads elsewhere. */
async function refusals(batch: string): Promise<number> {
  const text = await readFile(join(batch, 'journal.jsonl'), 'utf8').catch(() => '');
  return text.split('E_ELSEWHERE').length - 1;
}
