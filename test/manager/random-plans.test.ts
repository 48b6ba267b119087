import { join } from 'node:path';
import test from 'ava';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { Manager } from '../../src/manager/manager.js';
import type { Order } from '../../src/manager/order.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { type Random, seededRandom } from '../../src/random.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { anyHost } from '../helpers/any-host.js';
import { makeSpec } from '../helpers/make-specs.js';
import { fateOf, randomHost } from '../helpers/random-pool.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Story {
  readonly events: Recorded[];
  readonly manager: Manager;
  readonly kind: string;
  /** The hosts it began with. */
  readonly names: readonly string[];
}

/** A person holds, drains, removes and adds the host at any time. */
function meddle(manager: Manager, clock: ManualClock, random: Random, name: string): void {
  const about = { hosts: [name], reason: 'a whim' };
  const count = 1 + Math.floor(random() * 4);
  const whims: readonly Order[] = [
    { kind: 'hold', ...about },
    { kind: 'release', ...about },
    { kind: 'drain', ...about },
    { kind: 'remove', now: false, ...about },
    { kind: 'remove', now: true, ...about },
    { kind: 'add', hosts: [anyHost(name, { slots: { kind: 'count', count } })] },
  ];
  for (let left = Math.floor(random() * 4); left > 0; left -= 1) {
    const whim = whims[Math.floor(random() * whims.length)];
    // Refused when the host has left, and after the end.
    if (whim) clock.after(random() * 15_000, () => void manager.order(whim).catch(() => {}));
  }
}

async function runRandom(seed: number, out: string | false): Promise<Story> {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const names = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, at) => `h${at + 1}`);
  const network = new SimulatedNetwork({
    hosts: names.map((name) => randomHost(name, random)),
    clock,
    plan: fateOf(seed),
  });
  const placement = (['random', 'pack', 'spread'] as const)[Math.floor(random() * 3)] ?? 'random';
  const maxRunning = random() < 0.5 ? 1 + Math.floor(random() * 8) : Number.POSITIVE_INFINITY;
  const manager = new Manager({
    clock,
    out,
    random,
    placement,
    maxRunning,
    retries: Math.floor(random() * 3),
    halt: 'never',
  });
  const specs = Array.from({ length: 40 }, (_, at) =>
    makeSpec({ name: `j${at}`, repeatable: random() < 0.9 }),
  );
  const events: Recorded[] = [];
  manager.subscribe((event) => {
    events.push(event);
    const { free, busy, done, unknown, error } = manager.counts;
    if (free + busy + done + unknown + error !== specs.length) throw new Error('the counts do not sum');
    const handed = manager.hosts.reduce((sum, host) => sum + host.handed, 0);
    if (handed > maxRunning) throw new Error('more were handed out than allowed');
  });
  manager.setup(specs, network);
  // The first host stays: the others may all be taken away.
  for (const name of names.slice(1)) meddle(manager, clock, random, name);
  const { kind } = await clock.runUntil(manager.processJobs());
  return { events, manager, kind, names };
}

test('whatever goes wrong, every job is settled once, the counts sum and the cap holds', async (t) => {
  const first = pickSeed();
  t.log(`SEED=${first}`);
  for (let seed = first; seed < first + 150; seed += 1) {
    const { events, manager, kind } = await runRandom(seed, false);
    t.is(kind, 'complete', `seed ${seed}`);
    for (const job of manager.jobs) {
      const own = events.filter((event) => 'job' in event && event.job === job.id);
      const settled = own.filter(({ type }) => type === 'job.done' || type === 'job.failed');
      // A failure is taken back when its host turns out to be bad.
      const reopened = own.filter(({ type }) => type === 'job.reopened');
      t.is(settled.length, 1 + reopened.length, `job ${job.id}, seed ${seed}`);
      const made = own.filter(({ type }) => type === 'job.launched' || type === 'job.copied');
      t.is(made.length, job.attempts.length, `seed ${seed}`);
      if (!job.spec.repeatable) {
        // What a host refused never ran, and an exit code, 99 too, is a clear answer.
        const unclear = job.attempts.findIndex(
          ({ startedAt, outcome }) => startedAt !== null && outcome?.kind === 'lost',
        );
        t.true(
          unclear < 0 || unclear === job.attempts.length - 1,
          `an unclear attempt was made again: job ${job.id}, seed ${seed}`,
        );
      }
    }
    const numbers = events.flatMap(({ seq }) => (seq > 0 ? [seq] : []));
    t.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
    );
  }
});

test('the state rebuilt from the journal is the live one', async (t) => {
  const first = pickSeed();
  t.log(`SEED=${first}`);
  for (let seed = first; seed < first + 5; seed += 1) {
    const out = join(await tempDir(t), 'batch');
    const { manager, events, names } = await runRandom(seed, out);
    const rebuilt = createBatchState(
      manager.jobs.map(({ spec }) => spec),
      names,
    );
    const read: Recorded[] = [];
    await readJournal(new BatchDirectory(out).journalFile, (event) => {
      read.push(event);
      applyEvent(rebuilt, event);
    });
    t.deepEqual(rebuilt.jobs, manager.jobs, `seed ${seed}`);
    t.deepEqual(rebuilt.hosts, manager.hosts, `seed ${seed}`);
    t.deepEqual(
      read,
      events.filter(({ seq }) => seq > 0),
      `seed ${seed}`,
    );
  }
});
