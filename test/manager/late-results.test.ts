import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { TransportError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import type { ManagerOptions } from '../../src/manager/manager-options.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState } from '../../src/queue/batch-state.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, type Simulation, simulate } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

const MINUTE = { lostAfterSecs: 60, copies: 0, placement: 'pack' } as const;
const FAILED: Outcome = { kind: 'failed', code: 3 };

/** Job 1 is on `a`, which is silent from 5 s on for 90 s and counts as lost after 65 s; it ends there meanwhile. `b` has job 2. */
interface Scenario {
  readonly title: string;
  /** By attempt. @default 10 s, job 2 takes 200 s */
  readonly plans?: Readonly<Record<string, AttemptPlan>>;
  readonly slots?: number;
  readonly options?: ManagerOptions;
  readonly prepare?: (simulation: Simulation) => void;
}

function begin({ plans = {}, slots = 1, options = {}, prepare }: Scenario): Simulation {
  const plan = ({ id, job }: Attempt): AttemptPlan =>
    plans[id] ?? { durationMs: job === '2' ? 200_000 : 10_000, stdout: id };
  const hosts = [
    { name: 'a', outages: [{ atMs: 5_000, forMs: 90_000 }] },
    { name: 'b', slots },
  ];
  const simulation = simulate(makeSpecs(2), { hosts, plan }, { ...MINUTE, ...options });
  prepare?.(simulation);
  return simulation;
}

const RETURNS: readonly Scenario[] = [
  { title: 'no other host has room' },
  { title: 'a person lets it rest', prepare: letRest },
  { title: 'the batch is full', slots: 2, options: { maxRunning: 1 } },
  {
    title: 'its second try has failed, and the third has to wait',
    slots: 2,
    plans: { '1.2': { durationMs: 1_000, outcome: FAILED } },
    options: { retries: 2, retryDelaySecs: 300 },
  },
];

for (const scenario of RETURNS) {
  test(`a good result of a lost attempt counts when ${scenario.title}`, async (t) => {
    const simulation = begin(scenario);
    const { manager, events } = simulation;
    const { counts } = await simulation.run();
    t.is(counts.done, 2);
    const [job] = manager.jobs;
    t.is(job?.decidedBy?.id, '1.1');
    t.is(eventsOf(events, 'job.returned').length, 1);
    t.is(eventsOf(events, 'job.requeued').filter(({ attempt }) => attempt === '1.1').length, 1);
    t.like(job?.attempts[0], { outcome: { kind: 'succeeded' }, fault: null, settled: true });
    const begun = eventsOf(events, 'job.started').filter(({ attempt }) => attempt.startsWith('1.'));
    t.deepEqual(
      begun.map(({ attempt }) => attempt),
      scenario.plans?.['1.2'] ? ['1.1', '1.2'] : ['1.1'],
    );
    sameAgain(t, simulation);
  });
}

test('replacements that wait in the backlogs of other hosts are asked back, and never begin', async (t) => {
  // Jobs 1 to 4 are lost with `a`; what `b` and `c` have is short at first, and long at last.
  const isLong = new Set(['1', '2', '3', '4', '15', '16']);
  const plan = ({ job, n }: Attempt): AttemptPlan => {
    if (!isLong.has(job)) return { durationMs: 100 };
    return { durationMs: Number(job) > 4 ? 200_000 : 10_000 * n };
  };
  const hosts = [{ name: 'a', slots: 4, outages: [{ atMs: 5_000, forMs: 90_000 }] }, 'b', 'c'];
  const simulation = simulate(makeSpecs(16), { hosts, plan }, MINUTE);
  t.is((await simulation.run()).counts.done, 16);
  const { events, manager } = simulation;
  const again = eventsOf(events, 'job.launched').filter(({ attempt }) => attempt.endsWith('.2'));
  t.true(again.length > 0);
  t.is(eventsOf(events, 'job.recalled').length, again.length);
  t.is(eventsOf(events, 'job.started').length, 16);
  t.is(eventsOf(events, 'job.returned').length, 8, 'the backlog of a was run there, too');
  t.true(manager.jobs.every(({ decidedBy }) => decidedBy?.n === 1));
  sameAgain(t, simulation);
});

test('a good result that was known, and not yet here when its host was silent, is fetched when that is back', async (t) => {
  const simulation = begin({
    title: '',
    plans: { '1.1': { durationMs: 4_000, stdout: 'out' } },
    options: { out: join(await tempDir(t), 'b') },
    prepare: ({ network }) => {
      const collect = network.collectJob.bind(network);
      let fails = 1;
      network.collectJob = (attempt, directory) => {
        if (attempt.id !== '1.1' || fails-- <= 0) return collect(attempt, directory);
        return Promise.reject(new TransportError('E_CONN_LOST', { what: 'the link is down', where: 'a' }));
      };
    },
  });
  t.is((await simulation.run()).counts.done, 2);
  const { manager, events } = simulation;
  t.is(manager.jobs[0]?.decidedBy?.id, '1.1');
  t.like(manager.jobs[0]?.decidedBy, { fault: null, collected: { stdoutBytes: 3 } });
  t.is(eventsOf(events, 'job.launched').length, 2);
  sameAgain(t, simulation);
});

const BAD: readonly Outcome[] = [FAILED, { kind: 'killed', signal: 9 }, { kind: 'timed-out' }];
for (const outcome of BAD) {
  test(`an attempt that counts as lost and has ${outcome.kind} changes nothing when its host is back`, async (t) => {
    const simulation = begin({ title: '', plans: { '1.1': { durationMs: 10_000, outcome } } });
    t.is((await simulation.run()).counts.done, 2);
    t.is(simulation.manager.jobs[0]?.decidedBy?.id, '1.2');
    t.deepEqual(eventsOf(simulation.events, 'job.returned'), []);
  });
}

test('a good result of a lost attempt counts for a later controller, too', async (t) => {
  const clock = new ManualClock();
  const plan = ({ job }: Attempt): AttemptPlan => ({ durationMs: job === '2' ? 200_000 : 10_000 });
  const hosts = [{ name: 'a', outages: [{ atMs: 5_000 }] }, 'b'];
  const network = new SimulatedNetwork({ hosts, clock, plan });
  const store = memoryStore({ clock });
  const events: Recorded[] = [];
  const manage = (): Manager => {
    const state = createBatchState(makeSpecs(2), ['a', 'b']);
    for (const event of events) applyEvent(state, event);
    const manager = new Manager({ ...MINUTE, clock, store, batchId: 'b', random: () => 0, state });
    manager.subscribe((event) => events.push(event));
    manager.setup(makeSpecs(2), network);
    return manager;
  };
  const first = manage();
  clock.after(70_000, () => first.stop('enough'));
  t.is((await clock.runUntil(first.processJobs())).kind, 'stopped');
  t.is(first.counts.free, 1);
  const second = manage();
  t.is((await clock.runUntil(second.processJobs())).counts.done, 2);
  t.is(second.jobs[0]?.decidedBy?.id, '1.1');
  t.is(eventsOf(events, 'job.launched').length, 2);
});

function letRest({ clock, manager }: Simulation): void {
  clock.after(70_000, () => void manager.order({ kind: 'pause', jobs: ['1'], host: null }));
}

/** The journal gives the same state again. */
function sameAgain(t: ExecutionContext, { manager, events }: Simulation): void {
  const specs = manager.jobs.map(({ spec }) => spec);
  const state: BatchState = createBatchState(
    specs,
    manager.hosts.map(({ name }) => name),
  );
  for (const event of events) applyEvent(state, event);
  t.deepEqual(state.jobs, manager.jobs);
  t.deepEqual(state.hosts, manager.hosts);
}
