import test from 'ava';
import { SpecError } from '../../src/errors.js';
import type { ManagerEvent } from '../../src/events/event.js';
import { type BatchStore, memoryStore } from '../../src/journal/batch-store.js';
import { EventStamp } from '../../src/journal/event-stamp.js';
import { Manager } from '../../src/manager/manager.js';
import { planHostOrder } from '../../src/manager/plan-host-order.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { tellingAttempt } from '../../src/queue/job.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { anyHost } from '../helpers/any-host.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { LOST } from '../helpers/random-history.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const about = (...hosts: string[]) => ({ hosts, reason: 'why not' });

/** A batch of three jobs on hosts a, b and c, which have come to what the events say. */
function stateAfter(
  events: readonly Parameters<typeof applyEvent>[1][] | readonly object[],
  repeatable = true,
) {
  const state = createBatchState(makeSpecs(3, { repeatable }), ['a', 'b', 'c']);
  for (const event of events as readonly ManagerEvent[])
    applyEvent(state, { seq: state.seq + 1, at: '2026-01-01T00:00:00.000Z', ...event });
  return state;
}

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'a', warnings: [] };
const READY = ['a', 'b'].map((host) => ({ type: 'host.ready', host, slots: 2, facts: FACTS }));
const onA = (job: string) => ({ type: 'job.launched', job, attempt: `${job}.1`, host: 'a' });
const started = (job: string) => ({
  type: 'job.started',
  attempt: `${job}.1`,
  host: 'a',
  slot: 1,
  offset: 1,
});

test('an order changes only the hosts that are not so already', (t) => {
  const state = stateAfter([...READY, { type: 'host.held', host: 'a', reason: 'x' }]);
  const hold = planHostOrder({ kind: 'hold', ...about('a', 'b', 'b') }, state);
  t.deepEqual(hold, [{ type: 'host.held', host: 'b', reason: 'why not' }]);
  t.deepEqual(planHostOrder({ kind: 'release', ...about('a', 'b') }, state), [
    { type: 'host.released', host: 'a' },
  ]);
  t.deepEqual(planHostOrder({ kind: 'drain', ...about('a') }, state), [
    { type: 'host.draining', host: 'a', reason: 'why not' },
  ]);
});

test('a host that is not in the batch is refused by name, with the one that was meant', (t) => {
  const state = createBatchState(makeSpecs(1), ['lab01']);
  const error = t.throws(() => planHostOrder({ kind: 'hold', ...about('lab02') }, state), {
    instanceOf: SpecError,
  });
  t.is(error?.code, 'E_USAGE');
  t.regex(error?.message ?? '', /no host "lab02".*did you mean lab01\?/);
});

test('a removed host gives up what it had in one piece: again if it may be, else failed', (t) => {
  const had = [...READY, onA('1'), started('1'), onA('2')];
  const order = { kind: 'remove', now: true, ...about('a') } as const;
  const types = (events: readonly ManagerEvent[]) =>
    events.map((event) => `${event.type} ${'attempt' in event ? event.attempt : ''}`.trim());
  t.deepEqual(types(planHostOrder(order, stateAfter(had))), [
    'host.removed',
    'job.requeued 1.1',
    'job.requeued 2.1',
  ]);
  const once = planHostOrder(order, stateAfter(had, false));
  t.deepEqual(types(once), ['host.removed', 'job.failed 1.1', 'job.requeued 2.1']);
  const away = stateAfter([...had, { type: 'host.lost', host: 'a', fault: LOST }], false);
  t.deepEqual(types(planHostOrder(order, away)), ['host.removed', 'job.failed 1.1', 'job.failed 2.1']);
});

test('a cancelled job whose host is removed ends as cancelled and is never launched again', async (t) => {
  const cancel = (job: string) => ({ type: 'job.cancelling', job, reason: 'cancelled by hand' });
  const requeued = { type: 'job.requeued', job: '1', attempt: '1.1', reason: LOST, counted: false };
  const paused = { type: 'job.pausing', job: '1' };
  const copy = { type: 'job.copied', job: '1', attempt: '1.2', host: 'b' };
  const recall = { type: 'job.recalled', job: '1', attempt: '1.1', host: 'a' };
  const lost = { type: 'host.lost', host: 'a', fault: LOST };
  const begun = [...READY, onA('1'), started('1')];
  const rows: [title: string, before: readonly object[], remove: readonly string[]][] = [
    ['running', [...begun, cancel('1')], ['a']],
    ['not begun', [...READY, onA('1'), cancel('1')], ['a']],
    ['paused first', [...begun, paused, cancel('1')], ['a']],
    ['host away', [...begun, lost, cancel('1')], ['a']],
    ['asked back by a drain', [...READY, onA('1'), recall, cancel('1')], ['a']],
    ['with a copy, both hosts', [...begun, copy, cancel('1')], ['a', 'b']],
    ['requeued by an older release', [...begun, cancel('1'), requeued], []],
  ];
  for (const [title, before, hosts] of rows) {
    const state = stateAfter(before);
    for (const event of planHostOrder({ kind: 'remove', now: true, hosts, reason: 'broken' }, state))
      applyEvent(state, { seq: state.seq + 1, at: '2026-01-01T00:00:01.000Z', ...event });
    const { clock, manager, launched } = resume(state);
    await clock.runUntil(manager.processJobs());
    const [job] = state.jobs;
    t.false(launched.includes('1'), title);
    t.is(job?.state, 'error', title);
    t.true(launched.includes('2'), title);
    if (hosts.length > 0) t.is(tellingAttempt(job ?? fail())?.outcome?.kind, 'cancelled', title);
  }
});

/** A Manager that goes on with a batch which has come so far, with host c besides. */
function resume(state: BatchState) {
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ hosts: ['b', 'c'], clock });
  const stamp = new EventStamp(clock, state.seq);
  const store: BatchStore = {
    ...memoryStore(),
    record: async (events) => events.map((event) => stamp.mark(event)),
  };
  const manager = new Manager({ clock, store, batchId: 'b', state });
  const launched: string[] = [];
  manager.subscribe((event) => event.type === 'job.launched' && launched.push(event.job));
  manager.setup(
    state.jobs.map(({ spec }) => spec),
    network,
  );
  return { clock, manager, launched };
}

function fail(): never {
  throw new Error('there is no job');
}

test('a job with a copy elsewhere goes on there', (t) => {
  const copy = { type: 'job.copied', job: '1', attempt: '1.2', host: 'b' };
  const state = stateAfter([...READY, onA('1'), started('1'), copy]);
  const [, dropped] = planHostOrder({ kind: 'remove', now: true, ...about('a') }, state);
  t.like(dropped, { type: 'job.dropped', attempt: '1.1' });
});

test('a drained host leaves once its jobs have ended, with what waits there asked back; added again it works', async (t) => {
  const { manager, events, run, clock } = simulate(
    makeSpecs(40),
    {
      hosts: [
        { name: 'a', slots: 2 },
        { name: 'b', slots: 2 },
      ],
      plan: () => ({ durationMs: 3_000 }),
    },
    { copies: 0 },
  );
  clock.after(4_000, () => void manager.order({ kind: 'drain', ...about('b') }));
  clock.after(20_000, () => void manager.order({ kind: 'add', hosts: [anyHost('b'), anyHost('c')] }));
  t.is((await run()).counts.done, 40);
  const drained = eventsOf(events, 'host.drained');
  t.deepEqual(
    drained.map(({ host }) => host),
    ['b'],
  );
  const [back] = eventsOf(events, 'host.added');
  const launchedOn = (host: string) =>
    eventsOf(events, 'job.launched').filter((launch) => launch.host === host);
  const [left, joined] = [drained[0]?.seq ?? 0, back?.seq ?? 0];
  const draining = eventsOf(events, 'host.draining')[0]?.seq ?? 0;
  t.deepEqual(
    launchedOn('b').filter(({ seq }) => seq > draining && seq < joined),
    [],
  );
  t.true(left < joined);
  t.true(launchedOn('b').some(({ seq }) => seq > joined));
  t.true(launchedOn('c').length > 0);
  t.deepEqual(
    manager.hosts.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
});

test('a host that is held gives its backlog to the others', async (t) => {
  const { manager, events, run, clock } = simulate(
    makeSpecs(300),
    { hosts: ['a', 'b'], plan: () => ({ durationMs: 50 }) },
    { copies: 0 },
  );
  clock.after(2_010, () => void manager.order({ kind: 'hold', ...about('b') }));
  t.is((await run()).counts.done, 300);
  const held = eventsOf(events, 'host.held')[0]?.seq ?? 0;
  t.true(eventsOf(events, 'job.recalled').some(({ host, seq }) => host === 'b' && seq > held));
  const later = eventsOf(events, 'job.started').filter(({ host, seq }) => host === 'b' && seq > held);
  t.true(later.length <= 1, `${later.length} jobs began on b after it was held`);
});

test('a host that was set aside is told to wait by a release no more', async (t) => {
  const state = stateAfter([...READY, { type: 'host.set-aside', host: 'a', fault: LOST, untilMs: 1e15 }]);
  t.deepEqual(planHostOrder({ kind: 'release', ...about('a') }, state), [
    { type: 'host.released', host: 'a' },
  ]);
});
