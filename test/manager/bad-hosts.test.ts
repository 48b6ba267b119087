import test from 'ava';
import { HostError } from '../../src/errors.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { seededRandom } from '../../src/random.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const full = new HostError('E_REMOTE_DISK', { what: 'the disk is full', where: 'bad' });
const HOSTS = ['bad', 'good', 'fine'].map((name) => ({ name, slots: 2 }));
const failed: AttemptPlan = { durationMs: 200, outcome: { kind: 'failed', code: 2 } };

/** What attempts on `bad` do, as a function of how many there were before. */
function onBad(plan: (before: number) => AttemptPlan) {
  let before = 0;
  return ({ host }: Attempt): AttemptPlan => {
    if (host !== 'bad') return { durationMs: 4_000 };
    before += 1;
    return plan(before - 1);
  };
}

test('a host with a full disk gets few attempts, and the batch completes on the others', async (t) => {
  const { manager, events, run } = simulate(
    makeSpecs(60),
    { hosts: HOSTS, plan: onBad(() => ({ refusal: full })) },
    { random: seededRandom(3) },
  );
  const { kind, counts } = await run();
  t.is(kind, 'complete');
  t.is(counts.done, 60);
  const [aside] = eventsOf(events, 'host.set-aside');
  t.like(aside, { host: 'bad', fault: { code: 'E_REMOTE_DISK' } });
  const seq = aside?.seq ?? 0;
  const given = eventsOf(events, 'job.launched').filter(({ host }) => host === 'bad');
  t.true(given.filter((launch) => launch.seq < seq).length <= 4, 'three faults, two at a time');
  const probes = given.filter((launch) => launch.seq > seq);
  t.true(probes.length >= 1 && probes.length <= 2, `${probes.length} attempts tried it again`);
  t.true(manager.jobs.every(({ attempts }) => attempts.filter(({ counted }) => counted).length === 1));
});

test('it is tried by one job at a time, each time after twice as long, and let back when that goes well', async (t) => {
  const plan = onBad((before) => (before < 6 ? { refusal: full } : { durationMs: 1_000 }));
  const { events, run } = simulate(makeSpecs(400), { hosts: HOSTS, plan }, { random: seededRandom(3) });
  const { counts } = await run();
  t.is(counts.done, 400);
  const asides = eventsOf(events, 'host.set-aside');
  const spans = asides.map(({ at, untilMs }) => untilMs - Date.parse(at));
  t.true(asides.length >= 2, 'the first tries fail');
  for (const [at, span] of spans.entries()) {
    const least = 30_000 * 2 ** at;
    t.true(span >= least && span <= least * 1.2, `${span} ms after ${at} failed tries`);
  }
  const [back, ...more] = eventsOf(events, 'host.readmitted');
  t.is(back?.host, 'bad');
  t.deepEqual(more, []);
  const last = asides.at(-1);
  const tries = eventsOf(events, 'job.launched').filter(
    ({ host, seq }) => host === 'bad' && seq > (last?.seq ?? 0) && seq < (back?.seq ?? 0),
  );
  t.is(tries.length, 1);
  t.true(Date.parse(tries[0]?.at ?? '') >= (last?.untilMs ?? 0), 'not before its time');
});

test('jobs that fail there at once and pass elsewhere set a host aside, and their failures are taken back', async (t) => {
  const { manager, events, run } = simulate(
    makeSpecs(80),
    { hosts: HOSTS, plan: onBad(() => failed) },
    { random: seededRandom(5) },
  );
  const { kind, counts } = await run();
  t.is(kind, 'complete');
  const [aside] = eventsOf(events, 'host.set-aside');
  t.like(aside, { host: 'bad', fault: { code: 'E_HOST_SUSPECT' } });
  t.regex(
    aside?.fault.what ?? '',
    /jobs in a row failed here within 10 s, while \d+ of \d+ succeeded elsewhere/,
  );
  const reopened = eventsOf(events, 'job.reopened');
  t.true(reopened.length >= 5);
  t.true(reopened.every(({ reason }) => reason.includes('bad')));
  // A failure that is longer ago than the last success there could not be blamed on the host.
  t.is(counts.done, 80);
  t.true(manager.jobs.every(({ host }) => host !== 'bad'));
});

test('failures that cost jobs all their retries are taken back too', async (t) => {
  const { events, run } = simulate(
    makeSpecs(12),
    { hosts: HOSTS, plan: onBad(() => failed) },
    { random: seededRandom(2), retries: 1, placement: 'spread' },
  );
  const { counts } = await run();
  t.is(counts.done, 12);
  const [aside] = eventsOf(events, 'host.set-aside');
  t.like(aside, { host: 'bad', fault: { code: 'E_HOST_SUSPECT' } });
});

test('jobs that fail everywhere set no host aside', async (t) => {
  const { events, run } = simulate(makeSpecs(60), { hosts: HOSTS, plan: () => failed });
  const { counts } = await run();
  t.is(counts.error, 60);
  t.deepEqual(eventsOf(events, 'host.set-aside'), []);
  t.deepEqual(eventsOf(events, 'job.reopened'), []);
});

test('a job that may not be repeated keeps its failure', async (t) => {
  const { counts } = await simulate(
    makeSpecs(80, { repeatable: false }),
    { hosts: HOSTS, plan: onBad(() => failed) },
    { random: seededRandom(5) },
  ).run();
  t.true(counts.error >= 5);
});

test('the only host that takes jobs is never set aside', async (t) => {
  const plan = ({ job, n }: Attempt): AttemptPlan => (Number(job) > 2 && n <= 2 ? { refusal: full } : {});
  const { events, run } = simulate(makeSpecs(5), { hosts: [{ name: 'bad', slots: 2 }], plan });
  t.is((await run()).counts.done, 5);
  t.deepEqual(eventsOf(events, 'host.set-aside'), []);
});

test('a link that drops again and again sets the host aside, and what runs there goes on', async (t) => {
  const outages = [1, 2, 3].map((at) => ({ atMs: at * 10_000, forMs: 1_000 }));
  const hosts = [{ name: 'bad', outages }, { name: 'good' }];
  const plan = ({ host }: Attempt): AttemptPlan => ({ durationMs: host === 'bad' ? 60_000 : 5_000 });
  const { manager, events, run } = simulate(makeSpecs(12), { hosts, plan }, { copies: 0 });
  t.is((await run()).counts.done, 12);
  const [aside] = eventsOf(events, 'host.set-aside');
  t.like(aside, { host: 'bad', fault: { code: 'E_CONN_LOST' } });
  t.is(manager.jobs[0]?.attempts.length, 1, 'its job went on');
});

test('a slow host is marked, gets work last, and is freed of the mark when it is fast again', async (t) => {
  let slow = true;
  const plan = ({ host }: Attempt): AttemptPlan => ({ durationMs: host === 'b' && slow ? 5_000 : 2_000 });
  const { manager, events, run, clock } = simulate(
    makeSpecs(400),
    { hosts: ['a', 'b', 'c'], plan },
    { random: seededRandom(4) },
  );
  clock.after(100_000, () => {
    slow = false;
  });
  await run();
  t.like(eventsOf(events, 'host.slowed')[0], { host: 'b', ratio: 2.5 });
  t.is(eventsOf(events, 'host.slowed').length, 1);
  t.is(eventsOf(events, 'host.recovered')[0]?.host, 'b');
  t.is(manager.hosts[1]?.slow, null);
});

test('with few jobs left a slow host gets none', async (t) => {
  const plan = ({ host }: Attempt): AttemptPlan => ({ durationMs: host === 'b' ? 5_000 : 2_000 });
  const { events, run } = simulate(
    makeSpecs(200),
    { hosts: ['a', 'b', 'c'], plan },
    { random: seededRandom(4), maxRunning: 2, copies: 0 },
  );
  await run();
  const since = eventsOf(events, 'host.slowed')[0]?.seq ?? Number.POSITIVE_INFINITY;
  const later = eventsOf(events, 'job.launched').filter(({ seq }) => seq > since);
  t.true(later.length > 20);
  t.deepEqual(
    later.filter(({ host }) => host === 'b').map(({ job }) => job),
    [],
    'two slots suffice, and the other hosts have them',
  );
});
