import test from 'ava';
import { SpecError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import type { Order } from '../../src/manager/order.js';
import { planOrder } from '../../src/manager/plan-order.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { seededRandom } from '../../src/random.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { pickSeed } from '../helpers/seed.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

test('cancelling ends what runs, and what waits is never launched', async (t) => {
  const { manager, clock, events, run } = simulate(
    makeSpecs(4),
    { hosts: ['a', 'b'], plan: () => ({ durationMs: 20_000 }) },
    { retries: 3 },
  );
  clock.after(5_000, () => void manager.order({ kind: 'cancel', jobs: ['1', '4'], host: null }));
  const { kind, counts, failures } = await run();
  t.is(kind, 'complete');
  t.like(counts, { done: 2, error: 2 });
  t.deepEqual(
    failures.map(({ job, host, outcome }) => [job, host === '', outcome.kind]),
    [
      ['4', true, 'cancelled'],
      ['1', false, 'cancelled'],
    ],
  );
  t.deepEqual(launched(events), ['1', '2', '3']);
});

test('a job on a host that is away is cancelled when the host returns', async (t) => {
  const { manager, clock, events, run } = simulate(makeSpecs(1), {
    hosts: [{ name: 'a', outages: [{ atMs: 2_000, forMs: 60_000 }] }],
    plan: () => ({ durationMs: 600_000 }),
  });
  clock.after(10_000, () => void manager.order({ kind: 'cancel', jobs: 'all', host: 'a' }));
  const { counts, failures } = await run();
  t.like(counts, { error: 1 });
  t.is(failures[0]?.outcome.kind, 'cancelled');
  const types = events.map(({ type }) => type);
  t.true(types.indexOf('job.cancelling') < types.lastIndexOf('host.ready'));
  t.true(clock.elapsed() < 120_000);
});

test('a job that is lost while it is to be cancelled is not tried again', async (t) => {
  const { manager, clock, events, run } = simulate(makeSpecs(1), {
    hosts: ['b', { name: 'a', outages: [{ atMs: 2_000, forMs: 60_000, reboots: true }] }],
    plan: () => ({ durationMs: 600_000 }),
  });
  clock.after(1_000, () => void manager.order({ kind: 'hold', hosts: ['b'], reason: 'test' }));
  clock.after(10_000, () => void manager.order({ kind: 'cancel', jobs: 'all', host: null }));
  const { counts } = await run();
  t.like(counts, { error: 1 });
  t.is(launched(events).length, 1);
});

test('a paused batch launches nothing until it is let go on', async (t) => {
  const { manager, clock, events, run } = simulate(makeSpecs(3), { hosts: ['a'] });
  clock.after(500, () => void manager.order({ kind: 'pause', jobs: 'all', host: null }));
  clock.after(100_000, () => void manager.order({ kind: 'unpause', jobs: ['1', '3'], host: null }));
  clock.after(200_000, () => void manager.order({ kind: 'unpause', jobs: 'all', host: null }));
  const { counts } = await run();
  t.is(counts.done, 3);
  t.deepEqual(launched(events), ['1', '3', '2']);
  t.true(clock.elapsed() > 200_000);
});

test('a cap holds from the order on, and can be lifted', async (t) => {
  const { manager, clock, events, run } = simulate(makeSpecs(20), { hosts: [{ name: 'a', slots: 4 }] });
  clock.after(1_500, () => void manager.order({ kind: 'cap', maxRunning: 1 }));
  clock.after(5_500, () => void manager.order({ kind: 'cap', maxRunning: null }));
  const { counts } = await run();
  t.is(counts.done, 20);
  t.deepEqual(
    eventsOf(events, 'batch.capped').map(({ maxRunning }) => maxRunning),
    [1, null],
  );
  const [begin, end] = eventsOf(events, 'batch.capped').map(({ seq }) => seq);
  const capped = launchedBetween(events, begin ?? 0, end ?? 0);
  t.true(capped >= 3 && capped <= 5, `${capped} launches in four seconds, one after the other`);
});

const WRONG: readonly (readonly [string, Order, RegExp])[] = [
  ['a job', { kind: 'cancel', jobs: ['1', '3'], host: null }, /no job 3/],
  ['a host', { kind: 'pause', jobs: 'all', host: 'x' }, /no host "x"/],
  ['a cap of zero', { kind: 'cap', maxRunning: 0 }, /the cap is 0/],
  ['half a job at once', { kind: 'cap', maxRunning: 1.5 }, /the cap is 1\.5/],
];

for (const [what, order, message] of WRONG) {
  test(`an order with ${what} that cannot be is refused`, (t) => {
    const state = createBatchState(makeSpecs(2), ['a']);
    t.regex(t.throws(() => planOrder(order, state), { instanceOf: SpecError }).message, message);
  });
}

test('an order that changes nothing records nothing', (t) => {
  const state = createBatchState(makeSpecs(2), ['a']);
  t.deepEqual(planOrder({ kind: 'unpause', jobs: 'all', host: null }, state), []);
  t.deepEqual(planOrder({ kind: 'cancel', jobs: 'all', host: 'a' }, state), []);
  t.is(planOrder({ kind: 'cancel', jobs: ['1', '1'], host: null }, state).length, 1);
});

test('whatever is ordered when, nothing is lost: paused jobs rest, cancelled ones are not begun again', async (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  for (let round = 0; round < 25; round += 1) {
    const random = seededRandom(seed + round);
    const hosts = [
      { name: 'a', slots: 2, outages: [{ atMs: 3_000, forMs: 4_000 }] },
      { name: 'b', slots: 3, outages: [{ atMs: 6_000, forMs: 9_000 }] },
    ];
    const { manager, clock, events, run } = simulate(
      makeSpecs(40),
      { hosts, plan: () => ({ durationMs: 500 + random() * 3_000 }) },
      { random, retries: 1 },
    );
    for (let n = 0; n < 30; n += 1)
      clock.after(random() * 20_000, () => void manager.order(randomOrder(random)).catch(() => {}));
    clock.after(60_000, () => void manager.order({ kind: 'unpause', jobs: 'all', host: null }));
    const { kind, counts } = await run();
    t.is(kind, 'complete');
    t.is(counts.done + counts.error, 40);
    t.deepEqual(findViolations(events), [], `seed ${seed}, round ${round}`);
  }
});

test('a Manager that detaches hands everything to its hosts by their slots and ends', async (t) => {
  const { events, run } = simulate(
    makeSpecs(30),
    { hosts: [{ name: 'a', slots: 2 }, { name: 'b' }], plan: () => ({ durationMs: 600_000 }) },
    { detach: true },
  );
  const { kind, reason, counts, unfinished } = await run();
  t.deepEqual([kind, reason], ['stopped', 'detached']);
  t.like(counts, { busy: 30, free: 0 });
  const onA = unfinished.filter(({ host }) => host === 'a').length;
  t.true(onA >= 19 && onA <= 21, `${onA} of 30 on two thirds of the slots`);
  t.is(eventsOf(events, 'batch.stopping')[0]?.reason, 'detached');
});

test('a Manager that detaches keeps to its cap, and says what waits', async (t) => {
  const { run } = simulate(
    makeSpecs(10),
    { hosts: ['a', 'b'], plan: () => ({ durationMs: 600_000 }) },
    { detach: true, maxRunning: 6 },
  );
  const { counts } = await run();
  t.like(counts, { busy: 6, free: 4 });
});

function randomOrder(random: () => number): Order {
  const jobs = random() < 0.05 ? 'all' : [String(1 + Math.floor(random() * 40))];
  const dice = random();
  if (dice < 0.1) return { kind: 'cap', maxRunning: random() < 0.5 ? null : 1 + Math.floor(random() * 4) };
  const host = random() < 0.2 ? 'a' : null;
  if (dice < 0.3) return { kind: 'cancel', jobs: jobs === 'all' ? [] : jobs, host };
  return { kind: dice < 0.7 ? 'pause' : 'unpause', jobs, host };
}

/** Launches of jobs that were to rest or to end just then. */
function findViolations(events: readonly Recorded[]): string[] {
  const [resting, ending] = [new Set<string>(), new Set<string>()];
  return events.flatMap((event) => {
    if (event.type === 'job.pausing') resting.add(event.job);
    if (event.type === 'job.unpausing') resting.delete(event.job);
    if (event.type === 'job.cancelling') ending.add(event.job);
    if (event.type !== 'job.launched' && event.type !== 'job.copied') return [];
    return resting.has(event.job) || ending.has(event.job) ? [`${event.type} ${event.job}`] : [];
  });
}

function launched(events: readonly Recorded[]): string[] {
  return eventsOf(events, 'job.launched').map(({ job }) => job);
}

function launchedBetween(events: readonly Recorded[], from: number, to: number): number {
  return eventsOf(events, 'job.launched').filter(({ seq }) => seq > from && seq < to).length;
}
