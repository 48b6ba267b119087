import test from 'ava';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

/** Jobs of 10 ms; `b` is a hundred times slower, so that its backlog of half a second lasts for most of a minute. */
const FAST_AND_SLOW = { hosts: ['a', { name: 'b', speed: 0.01 }], plan: () => ({ durationMs: 10 }) };

test('what waits in the backlog of a slow host is taken back for one that idles, and starts nowhere twice', async (t) => {
  const { events, clock, run } = simulate(makeSpecs(600), FAST_AND_SLOW, { copies: 0, placement: 'spread' });
  const { counts } = await run();
  t.is(counts.done, 600);
  const recalled = eventsOf(events, 'job.recalled').map(({ attempt }) => attempt);
  t.true(recalled.length > 10);
  const started = eventsOf(events, 'job.started').map(({ attempt }) => attempt.split('.')[0]);
  t.is(new Set(started).size, 600);
  t.is(started.length, 600);
  t.true(clock.elapsed() < 15_000, `${clock.elapsed()} ms; alone, a takes 6 s`);
});

test('a job that was taken back has lost no attempt', async (t) => {
  const { manager, events, run } = simulate(makeSpecs(600), FAST_AND_SLOW, {
    copies: 0,
    placement: 'spread',
  });
  await run();
  const [recalled] = eventsOf(events, 'job.recalled');
  const [first, second] = manager.jobs.find(({ id }) => id === recalled?.job)?.attempts ?? [];
  t.like(first, { outcome: { kind: 'recalled' }, host: 'b', counted: false, startedAt: null });
  t.like(second, { outcome: { kind: 'succeeded' }, host: 'a' });
});

test('nothing is taken back while the backlogs are short, or while jobs wait for a host', async (t) => {
  const even = simulate(makeSpecs(300), { hosts: ['a', 'b'], plan: () => ({ durationMs: 10 }) });
  await even.run();
  t.deepEqual(eventsOf(even.events, 'job.recalled'), []);
  const { events, run } = simulate(makeSpecs(600), FAST_AND_SLOW, { copies: 0, placement: 'spread' });
  await run();
  const last = eventsOf(events, 'job.launched').find(({ job }) => job === '600')?.seq ?? 0;
  t.true(eventsOf(events, 'job.recalled').every(({ seq }) => seq > last));
});

test('nothing is taken back from a host that cannot be asked; when it returns it gives back what has not begun', async (t) => {
  const outages = [{ atMs: 2_000, forMs: 20_000 }];
  const hosts = ['a', { name: 'b', speed: 0.01, outages }];
  const { events, run } = simulate(
    makeSpecs(600),
    { hosts, plan: FAST_AND_SLOW.plan },
    { copies: 0, placement: 'spread' },
  );
  t.is((await run()).counts.done, 600);
  const away = eventsOf(events, 'host.lost')[0]?.seq ?? 0;
  const back = eventsOf(events, 'host.ready').at(-1)?.seq ?? 0;
  const recalled = eventsOf(events, 'job.recalled');
  t.true(recalled.length > 0);
  t.true(recalled.every(({ seq }) => seq < away || seq > back));
  const started = eventsOf(events, 'job.started');
  t.is(started.length, 600, 'each job began once, on either host');
});

test('an attempt that began before it could be given back stays where it is', async (t) => {
  const { network, events, run } = simulate(makeSpecs(600), FAST_AND_SLOW, {
    copies: 0,
    placement: 'spread',
  });
  // The request comes too late, as if the host had been busy for long.
  network.recallJob = () => Promise.resolve();
  t.is((await run()).counts.done, 600);
  t.true(eventsOf(events, 'job.recalled').length > 0);
  t.deepEqual(eventsOf(events, 'job.requeued'), []);
  t.is(eventsOf(events, 'job.launched').length, 600);
});
