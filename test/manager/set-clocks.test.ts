import test from 'ava';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf } from '../helpers/simulate.js';

/** A clock that goes on with another one, and whose wall clock was set. */
function setBy(clock: ManualClock, ms: number) {
  return {
    now: () => clock.now() + ms,
    elapsed: () => clock.elapsed(),
    after: (wait: number, callback: () => void) => clock.after(wait, callback),
  };
}

const HOURS = 3_600_000;
const SETS: readonly (readonly [string, number])[] = [
  ['eight hours ahead', 8 * HOURS],
  ['eight hours back', -8 * HOURS],
  ['ten years ahead', 87_600 * HOURS],
  ['before 1970', -600_000 * HOURS],
];

interface Scene {
  readonly plan: (attempt: Attempt) => AttemptPlan;
  readonly specs: ReturnType<typeof makeSpecs>;
  readonly options?: ConstructorParameters<typeof Manager>[0];
  readonly hosts?: readonly string[];
}

/** A batch whose controller leaves after `diesMs`, and that another one goes on with whose clock was set. */
async function resumed({ plan, specs, options, hosts = ['a', 'b'] }: Scene, diesMs: number, setMs: number) {
  const pool = { hosts: hosts.map((name) => ({ name, slots: 2 })), plan };
  const base = new ManualClock();
  const network = new SimulatedNetwork({ ...pool, clock: base });
  const store = memoryStore({ clock: base });
  const state = createBatchState(specs, [...hosts]);
  const shared = { store, batchId: 'b', random: () => 0, copies: 0, ...options };
  const first = new Manager({ clock: base, ...shared });
  first.subscribe((event) => void applyEvent(state, event));
  first.setup(specs, network);
  base.after(diesMs, () => first.stop('it dies'));
  await base.runUntil(first.processJobs());
  const manager = new Manager({ clock: setBy(base, setMs), ...shared, state });
  const events: Parameters<Parameters<typeof manager.subscribe>[0]>[0][] = [];
  manager.subscribe((event) => events.push(event));
  manager.setup(specs, network);
  const from = base.elapsed();
  const summary = await base.runUntil(manager.processJobs());
  return { summary, events, tookMs: base.elapsed() - from };
}

for (const [title, setMs] of SETS) {
  test(`a clock that is ${title} after a resume ends no healthy job by its share of the median`, async (t) => {
    const plan = ({ job }: Attempt): AttemptPlan => ({ durationMs: Number(job) > 4 ? 25_000 : 10_000 });
    const specs = makeSpecs(6, { limits: { timeoutPercent: 300 } });
    const { summary, events } = await resumed({ plan, specs }, 15_000, setMs);
    t.like(summary.counts, { done: 6, error: 0 });
    t.deepEqual(eventsOf(events, 'job.overdue'), []);
  });

  test(`a clock that is ${title} after a resume does not hide a job that hangs`, async (t) => {
    const plan = ({ job }: Attempt): AttemptPlan => ({
      durationMs: job === '6' ? Number.POSITIVE_INFINITY : 10_000,
    });
    const specs = makeSpecs(6, { limits: { timeoutPercent: 300 } });
    const { summary, events, tookMs } = await resumed({ plan, specs }, 15_000, setMs);
    t.like(summary.counts, { done: 5, error: 1 });
    t.is(eventsOf(events, 'job.overdue').length, 1);
    // It began after 10 s, five before the controller died: 30 s and two in all.
    t.true(tookMs <= 28_000, `${tookMs}`);
  });

  test(`a clock that is ${title} after a resume makes no copies, and no job waits longer for its next try than ever`, async (t) => {
    const plan = ({ job, n }: Attempt): AttemptPlan =>
      job === '2' && n < 3
        ? { durationMs: 500, outcome: { kind: 'failed', code: 1 } }
        : { durationMs: 12_000 };
    const options = { retries: 5, retryDelaySecs: 20, copies: 1 };
    const scene = { plan, specs: makeSpecs(5), options, hosts: ['a', 'b', 'c', 'd'] };
    const { summary, events, tookMs } = await resumed(scene, 5_000, setMs);
    t.is(summary.counts.done, 5);
    t.deepEqual(eventsOf(events, 'job.copied'), []);
    t.true(tookMs < 400_000, `${tookMs}`);
  });
}

test('a host that was set aside waits no longer than such a wait is, whatever the clock says', async (t) => {
  const specs = makeSpecs(1);
  const state = createBatchState(specs, ['a']);
  const clock = new ManualClock();
  const fault = { code: 'E_START', domain: 'job', what: 'x', where: 'a', next: 'x' } as const;
  const network = new SimulatedNetwork({ hosts: ['a'], clock });
  const store = memoryStore({ clock });
  const before = await store.record([
    { type: 'batch.started', batch: 'b', jobs: 1, hosts: ['a'] },
    { type: 'host.set-aside', host: 'a', fault, untilMs: clock.now() + 30_000 },
  ]);
  for (const event of before) applyEvent(state, event);
  const manager = new Manager({ clock: setBy(clock, -8 * HOURS), store, state, random: () => 0 });
  manager.setup(specs, network);
  t.is((await clock.runUntil(manager.processJobs())).counts.done, 1);
  t.true(clock.elapsed() < 60_000, `${clock.elapsed()}`);
});
