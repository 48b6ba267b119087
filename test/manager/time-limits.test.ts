import test from 'ava';
import { Manager } from '../../src/manager/manager.js';
import type { Attempt } from '../../src/network/network.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { parseTimeLimit, parseWarning } from '../../src/spec/time-limit.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';

const limits = { timeoutPercent: 300 };

/** Jobs take ten seconds, those with these ids for ever. */
const hanging =
  (...ids: string[]) =>
  ({ job }: Attempt): AttemptPlan => ({ durationMs: ids.includes(job) ? Number.POSITIVE_INFINITY : 10_000 });

test('what runs longer than the median allows is ended and has timed out', async (t) => {
  const pool = { hosts: [{ name: 'a', slots: 2 }], plan: hanging('1') };
  const { manager, events, clock, run } = simulate(makeSpecs(4, { limits }), pool);
  t.like((await run()).counts, { done: 3, error: 1 });
  t.deepEqual(manager.jobs[0]?.attempts[0]?.outcome, { kind: 'timed-out' });
  t.like(eventsOf(events, 'job.overdue')[0], { attempt: '1.1', limitSecs: 30 });
  // 30 s from its start, and two for the host to come first.
  t.is(clock.elapsed(), 32_000);
});

test('as long as too few have succeeded there is no limit', async (t) => {
  const plan = ({ job }: Attempt): AttemptPlan => ({ durationMs: job === '1' ? 900_000 : 10_000 });
  const { events, run } = simulate(makeSpecs(3, { limits }), { hosts: [{ name: 'a', slots: 3 }], plan });
  t.is((await run()).counts.done, 3);
  t.is(eventsOf(events, 'job.overdue').length, 0);
});

test('a job that timed out that way is tried again like any other', async (t) => {
  const plan = ({ job, n }: Attempt): AttemptPlan => ({
    durationMs: job === '1' && n === 1 ? Number.POSITIVE_INFINITY : 10_000,
  });
  const pool = { hosts: [{ name: 'a', slots: 2 }], plan };
  const { manager, run } = simulate(makeSpecs(4, { limits }), pool, { retries: 1, retryOn: ['timeout'] });
  t.is((await run()).counts.done, 4);
  t.deepEqual(
    manager.jobs[0]?.attempts.map(({ outcome }) => outcome?.kind),
    ['timed-out', 'succeeded'],
  );
});

test('an overdue job on a host that is away is ended when it returns', async (t) => {
  const outages = [{ atMs: 15_000, forMs: 600_000 }];
  const hosts = [{ name: 'a', outages }, { name: 'b' }];
  const { manager, events, run } = simulate(
    makeSpecs(5, { limits }),
    { hosts, plan: ({ host }) => ({ durationMs: host === 'a' ? Number.POSITIVE_INFINITY : 10_000 }) },
    { placement: 'pack', copies: 0 },
  );
  t.is((await run()).counts.done, 4);
  t.deepEqual(manager.jobs[0]?.attempts[0]?.outcome, { kind: 'timed-out' });
  t.true(Date.parse(eventsOf(events, 'job.failed')[0]?.at ?? '') >= Date.UTC(2026, 0, 1, 0, 10));
});

test('later attempts are handed over with the limit in seconds, so that the host enforces it alone', async (t) => {
  const handed = new Map<string, Attempt['spec']['limits']>();
  class Watched extends SimulatedNetwork {
    override launchJob(attempt: Attempt): Promise<void> {
      handed.set(attempt.id, attempt.spec.limits);
      return super.launchJob(attempt);
    }
  }
  const clock = new ManualClock();
  const manager = new Manager({ clock, out: false });
  const warn = { signal: 'USR1', secs: 5 };
  manager.setup(
    [...makeSpecs(4, { limits }), ...makeSpecs(1, { limits: { ...limits, timeoutSecs: 20, warn } })],
    new Watched({ hosts: ['a'], clock, plan: hanging() }),
  );
  await clock.runUntil(manager.processJobs());
  t.deepEqual(handed.get('1.1'), limits);
  t.deepEqual(handed.get('4.1'), { timeoutSecs: 30 });
  t.deepEqual(handed.get('5.1'), { timeoutSecs: 20, warn });
});

test('limits and warnings are read, and what makes no sense is refused', (t) => {
  t.deepEqual(parseTimeLimit('1h 30m'), { timeoutSecs: 5400 });
  t.deepEqual(parseTimeLimit('0.2'), { timeoutSecs: 1 });
  t.deepEqual(parseTimeLimit('250%'), { timeoutPercent: 250 });
  t.deepEqual(parseWarning('SIGUSR1@2m'), { signal: 'USR1', secs: 120 });
  t.deepEqual(parseWarning('term'), { signal: 'TERM', secs: 60 });
  t.throws(() => parseTimeLimit('0'), { message: /would end every job at once/ });
  t.throws(() => parseTimeLimit('100%'), { message: /would end at least half of the jobs/ });
  t.throws(() => parseTimeLimit('soon'), { message: /is not a span of time/ });
  t.throws(() => parseWarning('KILL@10'), { message: /KILL is not one of the signals/ });
  t.throws(() => parseWarning('USR1@0'), { message: /comes too late/ });
  t.throws(() => parseWarning('@10'), { message: /is no signal/ });
});
