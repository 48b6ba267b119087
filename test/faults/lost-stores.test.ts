import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { sshdTest } from '../helpers/tiers.js';
import { waitFor } from '../helpers/wait-for.js';
import { checkInvariants } from './harness/check-invariants.js';
import { Controller } from './harness/controller.js';
import { readHistory, restarts } from './harness/history.js';
import { type Lab, startLab } from './harness/lab.js';
import type { Machine } from './harness/machine.js';

/** A batch in its course, one of whose machines will lose its store. */
interface Story {
  readonly lab: Lab;
  readonly victim: Machine;
  readonly home: string;
  readonly controller: Controller;
}

/** How a store is lost; what goes on with the batch is answered. */
interface Loss {
  readonly title: string;
  readonly lose: (story: Story) => Promise<Controller>;
  /** Why what was there is tried again. @default E_STORE_GONE */
  readonly reason?: RegExp;
}

const LOSSES: readonly Loss[] = [
  {
    title: 'while the batch runs',
    lose: async ({ victim, controller }) => {
      await victim.atWork();
      await removeStore(victim);
      return controller;
    },
  },
  {
    title: 'while no controller lives',
    lose: async ({ victim, home, controller }) => {
      await victim.atWork();
      await controller.kill();
      await removeStore(victim);
      return Controller.resume({ home });
    },
  },
  {
    title: 'before a start was heard',
    lose: async ({ lab, victim, home, controller }) => {
      await launchedOn(victim, home);
      await lab.firewall.partition(victim);
      await victim.atWork();
      await removeStore(victim);
      await lab.firewall.healAll();
      return controller;
    },
  },
  {
    title: 'with its power',
    lose: async ({ victim, controller }) => {
      await victim.atWork();
      await victim.powerCut();
      await removeStore(victim);
      await victim.boot();
      return controller;
    },
    reason: /E_REBOOTED|E_STORE_GONE/,
  },
];

for (const { title, lose, reason = /E_STORE_GONE/ } of LOSSES) {
  sshdTest(
    `a machine loses its store ${title}: what it had runs once more, and nothing is done without its output`,
    async (t) => {
      const { story, batch } = await begin(t);
      const { code, stderr } = await (await lose(story)).ended;
      t.is(code, 0, stderr);
      const { lab, victim } = story;
      t.deepEqual(await checkInvariants(batch, await lab.witnesses(), { givenUp: [victim.name] }), []);
      const again = [...(await readHistory(batch)).attempts.values()].filter(
        ({ settled, ends }) => settled.includes('requeued') && !ends.includes('recalled'),
      );
      t.true(again.length > 0);
      for (const attempt of again) {
        t.is(attempt.host, victim.name);
        t.regex(attempt.reason, reason);
      }
    },
  );
}

sshdTest(
  'a home that is unmounted for some time and comes back loses nothing, and nothing runs twice',
  async (t) => {
    const { story, batch } = await begin(t);
    const { lab, victim, home, controller } = story;
    await victim.atWork();
    await victim.stopSshd();
    await victim.unmountHome();
    await victim.startSshd();
    const done = async () =>
      (await readFile(join(home, 'b/journal.jsonl'), 'utf8')).split('"job.done"').length - 1;
    await waitFor(async () => (await done()) >= 12, {
      limitMs: 120_000,
      what: 'the jobs of the other machine',
    });
    t.true((await readFile(join(home, 'b/journal.jsonl'), 'utf8')).includes('"E_NOT_MOUNTED"'));
    await victim.mountHome();
    const { code, stderr } = await controller.ended;
    t.is(code, 0, stderr);
    // What jobs wrote into the home while it was not there is not on it: those are known by their outputs alone.
    const faults = await checkInvariants(batch, await lab.witnesses());
    t.deepEqual(
      faults.filter(({ invariant }) => invariant !== 'I2'),
      [],
    );
    t.deepEqual(restarts(await readHistory(batch)), []);
  },
);

/** A home that can be missing is a file system of its own. */
async function begin(t: ExecutionContext): Promise<{ story: Story; batch: string }> {
  t.timeout(300_000);
  const lab = await startLab({ machines: 2, diskKiB: 64 * 1024 });
  t.teardown(() => lab.close());
  const home = await lab.directory('home');
  const [victim] = lab.machines;
  if (!victim) throw new Error('no machine');
  const order = { sshConfig: lab.sshConfig, hosts: '2/m[1-2]', home, jobs: 16, sleep: '1.5' };
  const controller = Controller.run(order);
  return { story: { lab, victim, home, controller }, batch: join(home, 'b') };
}

function removeStore({ disk }: Machine): Promise<void> {
  return rm(join(disk, '.gjob'), { recursive: true, force: true, maxRetries: 10 });
}

async function launchedOn({ name }: Machine, home: string): Promise<void> {
  const isThere = async () => {
    const text = await readFile(join(home, 'b/journal.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').some((line) => line.includes('"job.launched"') && line.includes(`"${name}"`));
  };
  await waitFor(isThere, { limitMs: 60_000, what: `a launch on ${name}` });
}
