import test from 'ava';
import { HostError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { tellingAttempt } from '../../src/queue/job.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const FOUR = ['a', 'b', 'c', 'd'];
const TEN_SECONDS = { durationMs: 10_000 };

/** Job 1 hangs wherever its first attempt runs; every other attempt takes ten seconds. */
const hangOnce = ({ id }: Attempt): AttemptPlan =>
  id === '1.1' ? { durationMs: Number.POSITIVE_INFINITY } : TEN_SECONDS;

test('a job that hangs is copied when hosts idle; the first success counts and the loser is killed', async (t) => {
  const { manager, events, clock, run } = simulate(makeSpecs(12), { hosts: FOUR, plan: hangOnce });
  const { kind, counts } = await run();
  t.is(kind, 'complete');
  t.is(counts.done, 12);
  t.deepEqual(
    eventsOf(events, 'job.copied').map(({ attempt }) => attempt),
    ['1.2'],
  );
  const [job] = manager.jobs;
  t.is(job && tellingAttempt(job)?.id, '1.2');
  t.like(job?.attempts[0], { outcome: { kind: 'cancelled' }, settled: true });
  t.true(clock.elapsed() < 60_000, `${clock.elapsed()} ms`);
  t.deepEqual(
    manager.hosts.map(({ handed, running }) => handed + running),
    [0, 0, 0, 0],
  );
});

test('with one host ten times slower the batch takes hardly longer than without', async (t) => {
  const names = Array.from({ length: 8 }, (_, at) => `h${at + 1}`);
  const even = simulate(makeSpecs(80), { hosts: names, plan: () => TEN_SECONDS });
  await even.run();
  const hosts = names.map((name) => ({ name, speed: name === 'h3' ? 0.1 : 1 }));
  const skewed = simulate(makeSpecs(80), { hosts, plan: () => TEN_SECONDS });
  await skewed.run();
  const ratio = skewed.clock.elapsed() / even.clock.elapsed();
  t.log(`${even.clock.elapsed() / 1000} s and ${skewed.clock.elapsed() / 1000} s`);
  t.true(ratio <= 1.3, `${ratio}`);
});

test('one host where everything hangs does not hold up the batch', async (t) => {
  const plan = ({ host }: Attempt) => (host === 'b' ? { durationMs: Number.POSITIVE_INFINITY } : TEN_SECONDS);
  const hosts = FOUR.map((name) => ({ name, slots: 4 }));
  const { manager, events, clock, run } = simulate(makeSpecs(100), { hosts, plan });
  t.is((await run()).counts.done, 100);
  t.is(eventsOf(events, 'job.copied').length, 4);
  t.is(manager.hosts[1]?.running, 0, 'what hung there was killed');
  // Without b: 100 jobs on twelve slots.
  t.true(clock.elapsed() <= 1.2 * 90_000, `${clock.elapsed()} ms`);
});

test('even jobs are not copied', async (t) => {
  const durations = [9_000, 10_000, 11_000, 12_000, 13_000];
  const plan = ({ job }: Attempt) => ({ durationMs: durations[Number(job) % 5] ?? 0 });
  const { events, run } = simulate(makeSpecs(30), { hosts: FOUR, plan });
  await run();
  t.deepEqual(eventsOf(events, 'job.copied'), []);
});

test('nothing is copied while jobs wait, before three have succeeded, or when it ran less than half as long again', async (t) => {
  const { events, run } = simulate(makeSpecs(12), { hosts: FOUR, plan: hangOnce });
  await run();
  const copied = eventsOf(events, 'job.copied')[0];
  const seq = copied?.seq ?? 0;
  t.true(eventsOf(events, 'job.launched').every((launch) => launch.seq < seq));
  const few = simulate(makeSpecs(3), { hosts: FOUR, plan: hangOnce });
  few.clock.after(100_000, () => few.manager.stop('enough'));
  await few.run();
  t.deepEqual(eventsOf(few.events, 'job.copied'), []);
});

test('a job that may not be repeated is not copied, and with copies: 0 none is', async (t) => {
  const once = simulate(makeSpecs(12, { repeatable: false }), { hosts: FOUR, plan: hangOnce });
  const never = simulate(makeSpecs(12), { hosts: FOUR, plan: hangOnce }, { copies: 0 });
  for (const { clock, manager, events, run } of [once, never]) {
    clock.after(200_000, () => manager.stop('enough'));
    t.is((await run()).counts.done, 11);
    t.deepEqual(eventsOf(events, 'job.copied'), []);
  }
});

test('a tenth of the jobs, at least two, have copies at one time, and each one copy', async (t) => {
  const plan = ({ n, job }: Attempt): AttemptPlan =>
    Number(job) <= 8 ? { durationMs: Number.POSITIVE_INFINITY } : { durationMs: 10_000 + n };
  const hosts = Array.from({ length: 30 }, (_, at) => `h${at + 1}`);
  const { clock, manager, events, run } = simulate(makeSpecs(30), { hosts, plan });
  clock.after(300_000, () => manager.stop('enough'));
  await run();
  t.is(eventsOf(events, 'job.copied').length, 3);
  const small = simulate(makeSpecs(12), { hosts, plan });
  small.clock.after(300_000, () => small.manager.stop('enough'));
  await small.run();
  t.is(eventsOf(small.events, 'job.copied').length, 2);
});

test('the cap on attempts holds for copies too', async (t) => {
  const plan = hangOnce;
  const { clock, manager, events, run } = simulate(makeSpecs(8), { hosts: FOUR, plan }, { maxRunning: 1 });
  clock.after(200_000, () => manager.stop('enough'));
  await run();
  t.deepEqual(eventsOf(events, 'job.copied'), []);
});

test('a copy goes to the fastest free host', async (t) => {
  const hosts = [
    { name: 'a', slots: 2 },
    { name: 'b', speed: 0.9, slots: 2 },
    { name: 'c', speed: 1.2, slots: 2 },
  ];
  const { events, run } = simulate(makeSpecs(24), { hosts, plan: hangOnce }, { placement: 'pack' });
  await run();
  t.deepEqual(
    eventsOf(events, 'job.copied').map(({ host }) => host),
    ['c'],
  );
});

test('a copy that fails or is refused only closes: the first attempt decides', async (t) => {
  for (const copy of [
    { durationMs: 100, outcome: { kind: 'failed', code: 9 } as const },
    { refusal: new HostError('E_REMOTE_DISK', { what: 'full', where: 'b' }) },
  ]) {
    const plan = ({ id, n }: Attempt): AttemptPlan =>
      id === '1.1' ? { durationMs: 100_000 } : n > 1 ? copy : TEN_SECONDS;
    const { manager, events, run } = simulate(makeSpecs(12), { hosts: FOUR, plan });
    t.is((await run()).counts.done, 12);
    t.is(eventsOf(events, 'job.dropped').length, 1);
    const [job] = manager.jobs;
    t.is(job && tellingAttempt(job)?.id, '1.1');
    t.is(job?.attempts.length, 2);
    t.deepEqual(
      manager.hosts.map(({ handed }) => handed),
      [0, 0, 0, 0],
    );
  }
});

test('when the first attempt fails the copy goes on, and decides', async (t) => {
  const plan = ({ id }: Attempt): AttemptPlan =>
    id === '1.1' ? { durationMs: 50_000, outcome: { kind: 'failed', code: 2 } } : { durationMs: 40_000 };
  const { manager, run } = simulate(
    makeSpecs(12),
    { hosts: FOUR, plan: (at) => (at.job === '1' ? plan(at) : TEN_SECONDS) },
    {},
  );
  t.is((await run()).counts.done, 12);
  t.like(manager.jobs[0]?.attempts[0], { outcome: { kind: 'failed', code: 2 }, counted: false });
});

test('a result that comes after the host was away does not overwrite that of the copy', async (t) => {
  // Job 1 runs for 70 s on a, which is away from 42 to 90 s; the copy runs from 40 to 50 s. Job 2 keeps the batch going.
  const hosts = [{ name: 'a', outages: [{ atMs: 42_000, forMs: 48_000 }] }, 'b', 'c', 'd'];
  const plan = ({ id, job }: Attempt): AttemptPlan => {
    if (id === '1.1') return { durationMs: 70_000, stdout: 'late' };
    return job === '2' ? { durationMs: 100_000 } : TEN_SECONDS;
  };
  const specs = makeSpecs(10).map((spec, at) => ({ ...spec, repeatable: at !== 1 }));
  const { manager, events, run } = simulate(specs, { hosts, plan }, { placement: 'pack' });
  t.is((await run()).counts.done, 10);
  const [job] = manager.jobs;
  t.is(job && tellingAttempt(job)?.id, '1.2');
  t.like(job?.attempts[0], { host: 'a', outcome: { kind: 'succeeded' }, collected: null });
  t.is(eventsOf(events, 'job.done').filter((done) => done.job === '1').length, 1);
});

test('what a host had while it was away is not copied when it is back: it may have ended, and is told of first', async (t) => {
  const hosts = [{ name: 'a', outages: [{ atMs: 5_000, forMs: 55_000 }] }, 'b', 'c', 'd'];
  const plan = ({ id }: Attempt): AttemptPlan => (id === '1.1' ? { durationMs: 62_000 } : TEN_SECONDS);
  const { manager, events, run } = simulate(makeSpecs(10), { hosts, plan }, { placement: 'pack' });
  t.is((await run()).counts.done, 10);
  t.is(manager.jobs[0]?.attempts[0]?.host, 'a');
  t.deepEqual(eventsOf(events, 'job.copied'), []);
});

test('a loser on a host that was away is killed there when it returns', async (t) => {
  const hosts = [{ name: 'a', outages: [{ atMs: 42_000, forMs: 20_000 }] }, 'b', 'c', 'd'];
  const plan = (attempt: Attempt): AttemptPlan =>
    attempt.job === '2' ? { durationMs: 100_000 } : hangOnce(attempt);
  const specs = makeSpecs(10).map((spec, at) => ({ ...spec, repeatable: at !== 1 }));
  const { manager, run } = simulate(specs, { hosts, plan }, { placement: 'pack' });
  t.is((await run()).counts.done, 10);
  t.like(manager.jobs[0]?.attempts[0], { host: 'a', outcome: { kind: 'cancelled' } });
  t.is(manager.hosts[0]?.handed, 0);
});

test('a new Manager goes on with a job that has two attempts under way, and with a loser that was not killed', async (t) => {
  for (const stopMs of [45_000, 56_000]) {
    const clock = new ManualClock();
    const specs = makeSpecs(10);
    const plan = (at: Attempt): AttemptPlan => (at.job === '2' ? { durationMs: 80_000 } : hangOnce(at));
    const network = new SimulatedNetwork({ hosts: FOUR, clock, plan });
    const kill = network.killJob.bind(network);
    network.killJob = () => Promise.resolve();
    const events: Recorded[] = [];
    const store = memoryStore({ clock });
    const options = { clock, store, batchId: 'night', placement: 'pack' } as const;
    const first = new Manager(options);
    first.subscribe((event) => events.push(event));
    first.setup(specs, network);
    clock.after(stopMs, () => first.stop('closing the laptop'));
    t.is((await clock.runUntil(first.processJobs())).kind, 'stopped');
    network.killJob = kill;

    const state = createBatchState(specs, FOUR);
    for (const event of events) applyEvent(state, event);
    t.is(state.jobs[0]?.attempts[0]?.outcome, null, 'the one that hangs is under way');
    const second = new Manager({ ...options, state });
    second.subscribe((event) => events.push(event));
    second.setup(specs, network);
    t.is((await clock.runUntil(second.processJobs())).counts.done, 10, `stopped at ${stopMs}`);
    t.is(state.jobs[0] && tellingAttempt(state.jobs[0])?.id, '1.2');
    t.like(state.jobs[0]?.attempts[0], { outcome: { kind: 'cancelled' } });
    const started = eventsOf(events, 'job.started').map(({ attempt }) => attempt);
    t.is(new Set(started).size, started.length, 'no attempt began twice');
  }
});
