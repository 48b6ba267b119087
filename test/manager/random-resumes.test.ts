import test from 'ava';
import type { Recorded } from '../../src/events/event.js';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { seededRandom } from '../../src/random.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec } from '../helpers/make-specs.js';
import { fateOf, randomHost } from '../helpers/random-pool.js';
import { pickSeed } from '../helpers/seed.js';

interface Life {
  readonly events: readonly Recorded[];
  readonly state: BatchState;
  /** How many Managers it took. */
  readonly managers: number;
}

/** A batch whose Manager is stopped at random, up to nine times, each time with a new one that knows the journal only. */
async function live(seed: number): Promise<Life> {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const names = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, at) => `h${at + 1}`);
  const hosts = names.map((name) => randomHost(name, random));
  const network = new SimulatedNetwork({ hosts, clock, plan: fateOf(seed) });
  const specs = Array.from({ length: 40 }, (_, at) =>
    makeSpec({ name: `j${at}`, repeatable: random() < 0.9 }),
  );
  const store = memoryStore({ clock });
  const events: Recorded[] = [];
  for (let managers = 1; ; managers += 1) {
    const state = createBatchState(specs, names);
    for (const event of events) applyEvent(state, event);
    const manager = new Manager({ clock, store, batchId: 'b', random, retries: 1, state });
    manager.subscribe((event) => events.push(event));
    manager.setup(specs, network);
    if (managers < 10) clock.after(random() * 3_000, () => manager.stop('a random moment'));
    const { kind } = await clock.runUntil(manager.processJobs());
    if (kind === 'complete') return { events, state, managers };
    clock.advance(random() * 3_000);
  }
}

test('however often its Manager is replaced, every job is settled once and no attempt begins twice', async (t) => {
  const first = pickSeed();
  t.log(`SEED=${first}`);
  let managers = 0;
  let copies = 0;
  for (let seed = first; seed < first + 20; seed += 1) {
    const life = await live(seed);
    managers += life.managers;
    const begun = life.events.flatMap((event) => (event.type === 'job.started' ? [event.attempt] : []));
    t.is(new Set(begun).size, begun.length, `seed ${seed}`);
    for (const job of life.state.jobs) {
      const own = life.events.filter((event) => 'job' in event && event.job === job.id);
      const settled = own.filter(({ type }) => type === 'job.done' || type === 'job.failed');
      t.is(settled.length, 1, `job ${job.id}, seed ${seed}`);
      t.true(
        job.attempts.every((attempt) => attempt.settled || attempt === job.decidedBy),
        `seed ${seed}`,
      );
      copies += job.attempts.filter(({ copy }) => copy).length;
    }
  }
  t.log(`${managers} Managers, ${copies} copies`);
});
