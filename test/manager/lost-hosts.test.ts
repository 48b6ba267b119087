import test from 'ava';
import type { Attempt } from '../../src/network/network.js';
import { tellingAttempt } from '../../src/queue/job.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

/** Two hosts; `a` is silent from 5 s on, for `forMs`. */
const pool = (forMs: number, plan = (_: Attempt) => ({ durationMs: 10_000 })) => ({
  hosts: [
    { name: 'a', outages: [{ atMs: 5_000, forMs }] },
    { name: 'b', slots: 2 },
  ],
  plan,
});
const MINUTE = { lostAfterSecs: 60, copies: 0, placement: 'pack' } as const;

test('without a limit what a silent host has stays unknown for ever', async (t) => {
  const { clock, manager, events, run } = simulate(makeSpecs(2), pool(Number.POSITIVE_INFINITY));
  clock.after(86_400_000, () => manager.stop('enough'));
  const { unfinished } = await run();
  t.like(unfinished, [{ job: '1', reachable: false }]);
  t.deepEqual(eventsOf(events, 'job.requeued'), []);
});

test('after the limit it counts as lost, and is run elsewhere without costing the job an attempt', async (t) => {
  const { manager, clock, run } = simulate(makeSpecs(2), pool(Number.POSITIVE_INFINITY), MINUTE);
  t.is((await run()).counts.done, 2);
  t.is(clock.elapsed(), 75_000);
  const [first, second] = manager.jobs[0]?.attempts ?? [];
  t.like(first, { host: 'a', counted: false });
  t.is(first?.outcome?.kind === 'lost' && first.outcome.fault.code, 'E_HOST_SILENT');
  t.like(second, { host: 'b', outcome: { kind: 'succeeded' } });
});

test('a host that answers before the limit keeps what it has', async (t) => {
  const { events, run } = simulate(makeSpecs(2), pool(59_000), MINUTE);
  t.is((await run()).counts.done, 2);
  t.is(eventsOf(events, 'job.launched').length, 2);
});

test('a result that comes after all is in the journal and overwrites nothing', async (t) => {
  // Job 1 has long ended on a when a returns, after b was given it; job 2 keeps the batch going.
  const plan = ({ job }: Attempt) => ({ durationMs: job === '2' ? 100_000 : 10_000 });
  const { manager, events, run } = simulate(makeSpecs(2), pool(90_000, plan), MINUTE);
  await run();
  const ends = eventsOf(events, 'job.ended').filter(({ attempt }) => attempt === '1.1');
  t.like(ends, [{ host: 'a', outcome: { kind: 'succeeded' } }]);
  const [job] = manager.jobs;
  t.is(job && tellingAttempt(job)?.id, '1.2');
  t.is(job?.attempts[0]?.outcome?.kind, 'lost');
  t.is(eventsOf(events, 'job.done').filter((done) => done.job === '1').length, 1);
});

test('what still runs there when the host returns is killed', async (t) => {
  const plan = ({ id, job }: Attempt) => ({
    durationMs: id === '1.1' ? Number.POSITIVE_INFINITY : job === '2' ? 100_000 : 10_000,
  });
  const { network, events, run } = simulate(makeSpecs(2), pool(80_000, plan), MINUTE);
  const killed: string[] = [];
  const kill = network.killJob.bind(network);
  network.killJob = (attempt) => {
    killed.push(attempt.id);
    return kill(attempt);
  };
  t.is((await run()).counts.done, 2);
  t.deepEqual(killed, ['1.1']);
  t.like(
    eventsOf(events, 'job.ended').filter(({ attempt }) => attempt === '1.1'),
    [{ outcome: { kind: 'cancelled' } }],
  );
});

test('a job that may not be repeated stays unknown, limit or not', async (t) => {
  const specs = makeSpecs(2, { repeatable: false });
  const { clock, manager, events, run } = simulate(specs, pool(Number.POSITIVE_INFINITY), MINUTE);
  clock.after(1_000_000, () => manager.stop('enough'));
  t.is((await run()).counts.unknown, 1);
  t.is(eventsOf(events, 'job.launched').length, 2);
});

test('a copy on a host that can be asked goes on when the other attempt counts as lost', async (t) => {
  const plan = ({ id, job }: Attempt) => ({
    durationMs: id === '1.1' ? Number.POSITIVE_INFINITY : job === '1' ? 100_000 : 10_000,
  });
  const hosts = [{ name: 'a', outages: [{ atMs: 40_000 }] }, 'b', 'c'];
  const { manager, events, run } = simulate(makeSpecs(7), { hosts, plan }, { ...MINUTE, copies: 1 });
  t.is((await run()).counts.done, 7);
  t.is(eventsOf(events, 'job.copied').length, 1);
  t.deepEqual(eventsOf(events, 'job.requeued'), []);
  t.is(manager.jobs[0]?.attempts.length, 2);
});

test('a batch waits for silent hosts as long as it is told to, then ends as incomplete and names what they have', async (t) => {
  const { clock, run } = simulate(makeSpecs(2), pool(Number.POSITIVE_INFINITY), { waitLostSecs: 600 });
  const { kind, counts, unfinished } = await run();
  t.is(kind, 'incomplete');
  t.like(counts, { done: 1, unknown: 1 });
  t.like(unfinished, [{ job: '1', host: 'a', reachable: false }]);
  t.is(clock.elapsed(), 610_000, 'counted from when nothing else was left to wait for');
});

test('a host that returns in time ends the wait, also when jobs wait for one', async (t) => {
  const hosts = [{ name: 'a', outages: [{ atMs: 5_000, forMs: 500_000 }] }];
  const plan = () => ({ durationMs: 10_000 });
  const { run } = simulate(makeSpecs(3), { hosts, plan }, { waitLostSecs: 600 });
  t.is((await run()).counts.done, 3);
  const never = simulate(
    makeSpecs(3),
    { hosts: [{ name: 'a', outages: [{ atMs: 5_000 }] }], plan },
    { waitLostSecs: 600 },
  );
  t.like(await never.run(), { kind: 'incomplete', counts: { free: 2, unknown: 1 } });
});
