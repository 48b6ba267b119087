import test from 'ava';
import { HostError, SpecError, TransportError } from '../../src/errors.js';
import { Manager } from '../../src/manager/manager.js';
import { failTimes, type Plan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import type { Job } from '../../src/queue/job.js';
import { seededRandom } from '../../src/random.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec, makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const refused = (code: 'E_REMOTE_DISK' | 'E_AUTH') => new HostError(code, { what: 'no', where: 'b' });
const lostLink = new TransportError('E_DEADLINE', { what: 'no answer', where: 'a' });

test('jobs are launched in the order of submission', async (t) => {
  const { events, run } = simulate(makeSpecs(20), { hosts: ['a', 'b', 'c'] }, { random: seededRandom(1) });
  const { kind, counts } = await run();
  t.is(kind, 'complete');
  t.is(counts.done, 20);
  t.deepEqual(
    eventsOf(events, 'job.launched').map(({ job }) => job),
    Array.from({ length: 20 }, (_, at) => String(at + 1)),
  );
});

test('one failing job does not stop the others, and the summary names it with its exit code', async (t) => {
  const plan = ({ job }: { job: string }) =>
    job === '2' ? { outcome: { kind: 'failed', code: 3 } as const } : {};
  const { run } = simulate(makeSpecs(5), { hosts: ['a'], plan });
  const { kind, counts, failures, unfinished } = await run();
  t.is(kind, 'complete');
  t.like(counts, { done: 4, error: 1, free: 0 });
  t.deepEqual(failures, [
    { job: '2', name: 'job-2', host: 'a', outcome: { kind: 'failed', code: 3 }, fault: null, isLeft: false },
  ]);
  t.deepEqual(unfinished, []);
});

test('text on stderr does not fail a job that ended with 0', async (t) => {
  const { run } = simulate(makeSpecs(1), { hosts: ['a'], plan: () => ({ stderr: 'warning: deprecated\n' }) });
  t.is((await run()).counts.done, 1);
});

test('a job killed by a signal and one that timed out have failed', async (t) => {
  const plan = ({ job }: { job: string }) => ({
    outcome: job === '1' ? ({ kind: 'killed', signal: 9 } as const) : ({ kind: 'timed-out' } as const),
  });
  const { failures } = await simulate(makeSpecs(2), { hosts: ['a'], plan }).run();
  t.deepEqual(
    failures.map(({ outcome }) => outcome),
    [{ kind: 'killed', signal: 9 }, { kind: 'timed-out' }],
  );
});

test('with two clusters interleaved each job is settled by its own host', async (t) => {
  // Three jobs whose ends come in another order than their starts, on hosts of two clusters in turn.
  const hosts = ['a1', 'b1', 'a2', 'b2'];
  const plan = ({ job }: { job: string }) => ({
    durationMs: 5000 - 1000 * Number(job),
    outcome: job === '3' ? ({ kind: 'failed', code: 7 } as const) : ({ kind: 'succeeded' } as const),
  });
  const { manager, events, run } = simulate(makeSpecs(3), { hosts, plan }, { placement: 'pack' });
  const { failures } = await run();
  t.deepEqual(
    eventsOf(events, 'job.ended').map(({ attempt }) => attempt),
    ['3.1', '2.1', '1.1'],
  );
  t.deepEqual(
    failures.map(({ job, host }) => ({ job, host })),
    [{ job: '3', host: 'a2' }],
  );
  t.deepEqual(
    manager.jobs.map(({ host, state }) => `${host} ${state}`),
    ['a1 done', 'b1 done', 'a2 error'],
  );
});

test('never more attempts are handed out than maxRunning, and as many when there is work', async (t) => {
  const hosts = ['a', 'b', 'c'].map((name) => ({ name, slots: 4 }));
  const { manager, run } = simulate(
    makeSpecs(200),
    { hosts, plan: () => ({ durationMs: 5 }) },
    { maxRunning: 3 },
  );
  const seen: number[] = [];
  manager.subscribe(() => seen.push(manager.hosts.reduce((sum, { handed }) => sum + handed, 0)));
  await run();
  t.is(Math.max(...seen), 3);
});

test('pack fills one host before the next is used, spread takes the least loaded one', async (t) => {
  const hosts = [
    { name: 'a', slots: 2 },
    { name: 'b', slots: 4 },
  ];
  const hostsOf = async (placement: 'pack' | 'spread') => {
    const { events, run } = simulate(makeSpecs(6), { hosts }, { placement });
    await run();
    return eventsOf(events, 'job.launched')
      .map(({ host }) => host)
      .join('');
  };
  t.is(await hostsOf('pack'), 'aabbbb');
  t.is(await hostsOf('spread'), 'abbabb');
});

test('short jobs are handed out ahead of their slots, long ones are not', async (t) => {
  const mostHanded = async (plan: Plan) => {
    const { manager, run } = simulate(makeSpecs(200), { hosts: ['a'], plan });
    let most = 0;
    manager.subscribe(() => (most = Math.max(most, manager.hosts[0]?.handed ?? 0)));
    await run();
    return most;
  };
  t.true((await mostHanded(() => ({ durationMs: 10 }))) > 20);
  t.is(await mostHanded(() => ({ durationMs: 1500 })), 1);
  // What a host lost says nothing of how long the jobs are.
  const fault = refused('E_REMOTE_DISK').toFault();
  const lost = { durationMs: 0, outcome: { kind: 'lost', fault } } as const;
  t.is(await mostHanded(({ n }) => (n === 1 ? lost : { durationMs: 1500 })), 1);
});

test('a failed job is tried again as often as retries says, on another host first', async (t) => {
  const { manager, run } = simulate(
    makeSpecs(1),
    { hosts: ['a', 'b'], plan: failTimes(2, 5) },
    { retries: 2 },
  );
  t.is((await run()).counts.done, 1);
  t.deepEqual(
    manager.jobs[0]?.attempts.map(({ host }) => host),
    ['a', 'b', 'a'],
  );
  const { failures } = await simulate(
    makeSpecs(1),
    { hosts: ['a', 'b'], plan: failTimes(3, 5) },
    { retries: 2 },
  ).run();
  t.deepEqual(failures[0]?.outcome, { kind: 'failed', code: 5 });
});

test('a job that a host refuses goes to another one, and that costs it no attempt', async (t) => {
  const plan = ({ host }: { host: string }) => (host === 'b' ? { refusal: refused('E_REMOTE_DISK') } : {});
  const { manager, events, run } = simulate(makeSpecs(6), { hosts: ['b', 'a'], plan }, { placement: 'pack' });
  t.is((await run()).counts.done, 6);
  t.true(eventsOf(events, 'job.requeued').every(({ counted }) => !counted));
  t.is(manager.jobs[0]?.attempts.at(-1)?.host, 'a');
});

test('a job that every host refuses gives up with the reason', async (t) => {
  const { run } = simulate(makeSpecs(2), {
    hosts: ['a', 'b'],
    plan: () => ({ refusal: refused('E_REMOTE_DISK') }),
  });
  const { kind, failures } = await run();
  t.is(kind, 'complete');
  t.deepEqual(
    failures.map(({ fault }) => fault?.code),
    ['E_REMOTE_DISK', 'E_REMOTE_DISK'],
  );
});

test('a job whose input vanished gives up at once', async (t) => {
  const fault = new SpecError('E_INPUT_MISSING', { what: 'no such file', where: 'data.csv' });
  const { events, run } = simulate(makeSpecs(1), { hosts: ['a', 'b'], plan: () => ({ refusal: fault }) });
  t.is((await run()).failures[0]?.fault?.code, 'E_INPUT_MISSING');
  t.is(eventsOf(events, 'job.launched').length, 1);
});

test('a lost attempt is made again elsewhere when the job is repeatable, and fails it when not', async (t) => {
  const hosts = [{ name: 'a', outages: [{ atMs: 500, forMs: 1000, reboots: true }] }, 'b'];
  const specs = [makeSpec({ name: 'again' }), makeSpec({ name: 'once', repeatable: false })];
  const first = simulate([specs[0] ?? makeSpec()], { hosts }, { placement: 'pack' });
  t.is((await first.run()).counts.done, 1);
  t.deepEqual(
    first.manager.jobs[0]?.attempts.map(({ host }) => host),
    ['a', 'b'],
  );
  const second = simulate([specs[1] ?? makeSpec()], { hosts }, { placement: 'pack' });
  t.is((await second.run()).failures[0]?.outcome.kind, 'lost');
});

test('a job on a host that is away is unknown, not failed, and counts again when the host is back', async (t) => {
  const { manager, clock, events, run } = simulate(makeSpecs(1), {
    hosts: [{ name: 'a', outages: [{ atMs: 500, forMs: 3_600_000 }] }],
  });
  const running = run();
  manager.subscribe(({ type }) => {
    if (type === 'host.lost') t.is(manager.counts.unknown, 1);
  });
  t.is((await running).counts.done, 1);
  t.true(clock.elapsed() >= 3_600_000);
  t.is(eventsOf(events, 'job.launched').length, 1);
});

test('a hand-over whose answer got lost is not launched twice', async (t) => {
  const plan = () => ({ lostAnswer: lostLink, durationMs: 10_000 });
  const { manager, events, run } = simulate(makeSpecs(3, { repeatable: false }), { hosts: ['a'], plan });
  t.is((await run()).counts.done, 3);
  t.is(eventsOf(events, 'job.launched').length, 3);
  t.true(manager.jobs.every(({ attempts }) => attempts.length === 1));
});

test('an end that no event told is found by asking', async (t) => {
  const { clock, run } = simulate(makeSpecs(2), { hosts: ['a'], plan: () => ({ silent: true }) });
  t.is((await run()).counts.done, 2);
  t.true(clock.elapsed() >= 60_000);
});

test('a loop of one’s own learns a failed end that no event told, with its code', async (t) => {
  const plan = () => ({ silent: true, outcome: { kind: 'failed', code: 3 } }) as const;
  const { manager, clock, events } = simulate(makeSpecs(1), { hosts: ['a'], plan });
  await manager.launchJob();
  clock.advance(1_000);
  // Once is not enough: the news of it may be on the way.
  t.false(await manager.updateJobStatus());
  t.true(await manager.updateJobStatus());
  t.deepEqual(eventsOf(events, 'job.failed')[0]?.outcome, { kind: 'failed', code: 3 });
  await manager.close();
});

test('a job that failed does not wait for a host without it while another one idles', async (t) => {
  const { manager, run } = simulate(
    makeSpecs(2),
    {
      hosts: ['a', 'b'],
      plan: (attempt) => (attempt.job === '2' ? { durationMs: 60_000 } : failTimes(1)(attempt)),
    },
    { placement: 'pack', retries: 1 },
  );
  t.is((await run()).counts.done, 2);
  t.deepEqual(
    manager.jobs[0]?.attempts.map(({ host }) => host),
    ['a', 'a'],
  );
});

test('without a host that can be used the batch ends and says why of each', async (t) => {
  const hosts = [
    { name: 'a', fault: refused('E_AUTH') },
    { name: 'b', fault: lostLink },
  ];
  const { kind, counts, hostFaults } = await simulate(makeSpecs(3), { hosts }).run();
  t.is(kind, 'no-host');
  t.is(counts.free, 3);
  t.deepEqual(
    hostFaults.map(({ host, fault }) => `${host} ${fault.code}`),
    ['a E_AUTH', 'b E_DEADLINE'],
  );
});

test('one bad host does not keep the others from working', async (t) => {
  const hosts = [{ name: 'a', fault: refused('E_AUTH') }, 'b'];
  t.is((await simulate(makeSpecs(3), { hosts }).run()).counts.done, 3);
});

test('stop launches nothing more, resolves soon, and names what goes on', async (t) => {
  const { manager, events, clock, run } = simulate(makeSpecs(4), {
    hosts: ['a', 'b'],
    plan: () => ({ durationMs: 60_000 }),
  });
  clock.after(5_000, () => manager.stop('interrupted'));
  const { kind, reason, counts, unfinished } = await run();
  t.is(kind, 'stopped');
  t.is(reason, 'interrupted');
  t.like(counts, { busy: 2, free: 2 });
  t.deepEqual(
    unfinished.map(({ job }) => job),
    ['1', '2'],
  );
  t.true(clock.elapsed() <= 6_000);
  t.deepEqual(
    eventsOf(events, 'batch.stopping').map(({ reason }) => reason),
    ['interrupted'],
  );
});

test('cancel kills what was handed out and waits for the news', async (t) => {
  const { manager, clock, run } = simulate(makeSpecs(3), {
    hosts: ['a', 'b'],
    plan: () => ({ durationMs: Infinity }),
  });
  clock.after(5_000, () => void manager.cancel());
  const { kind, counts, failures } = await run();
  t.is(kind, 'stopped');
  t.like(counts, { error: 2, free: 1 });
  t.true(failures.every(({ outcome }) => outcome.kind === 'cancelled'));
});

test('hooks run once for each job, and sleep is told once an interval while nothing happens', async (t) => {
  const calls: string[] = [];
  class Watching extends Manager {
    protected override handleJobLaunch(job: Job): void {
      calls.push(`launch ${job.id}`);
    }
    protected override handleJobDone(job: Job): void {
      calls.push(`done ${job.id}`);
    }
    protected override handleSleep(): void {
      calls.push('sleep');
    }
  }
  const clock = new ManualClock();
  const manager = new Watching({ clock, out: false, sleepTimeInSecs: 2 });
  manager.setup(
    makeSpecs(2),
    new SimulatedNetwork({ hosts: ['a'], clock, plan: () => ({ durationMs: 5000 }) }),
  );
  await clock.runUntil(manager.processJobs());
  t.deepEqual(calls, ['launch 1', 'sleep', 'sleep', 'done 1', 'launch 2', 'sleep', 'sleep', 'done 2']);
});

test('there is no sleep while jobs end', async (t) => {
  const { events, run } = simulate(makeSpecs(50), { hosts: ['a'], plan: () => ({ durationMs: 1900 }) });
  await run();
  t.is(eventsOf(events, 'batch.waited').length, 0);
});

test('a hook or a listener that throws is reported once and harms nothing', async (t) => {
  class Throwing extends Manager {
    protected override handleJobDone(): void {
      throw new Error('hook');
    }
  }
  const errors: unknown[] = [];
  const clock = new ManualClock();
  const manager = new Throwing({ clock, out: false, onError: (error) => errors.push(error) });
  manager.subscribe(() => {
    throw new Error('listener');
  });
  manager.setup(makeSpecs(3), new SimulatedNetwork({ hosts: ['a'], clock }));
  t.is((await clock.runUntil(manager.processJobs())).counts.done, 3);
  t.is(errors.length, 1);
});

test('launchJob and updateJobStatus make a loop of your own possible', async (t) => {
  const { manager, clock } = simulate(makeSpecs(2), { hosts: ['a'] });
  t.is((await manager.launchJob())?.id, '1');
  t.is(await manager.launchJob(), null);
  t.false(await manager.updateJobStatus());
  clock.advance(1000);
  t.true(await manager.updateJobStatus());
  t.is((await manager.launchJob())?.id, '2');
  t.is(manager.counts.done, 1);
  await manager.close();
});

test('wrong options and wrong order of calls are refused with the next step', (t) => {
  t.throws(() => new Manager({ maxRunning: 0 }), { instanceOf: SpecError, message: /maxRunning is 0/ });
  t.throws(() => new Manager({ sleepTimeInSecs: -1 }), { instanceOf: SpecError });
  t.throws(() => new Manager({ retries: 1.5 }), { instanceOf: SpecError });
  t.throws(() => new Manager().processJobs(), { message: /setup/ });
  const network = new SimulatedNetwork({ hosts: [], clock: new ManualClock() });
  t.throws(() => new Manager().setup([], network), { message: /no host/ });
});
