import { join } from 'node:path';
import test from 'ava';
import { HostError } from '../../src/errors.js';
import type { Outcome } from '../../src/events/outcome.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { Manager } from '../../src/manager/manager.js';
import type { AttemptPlan } from '../../src/network/simulated/plan.js';
import { failTimes } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec, makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

const ends = (outcome: Outcome) => (): AttemptPlan => ({ durationMs: 10, outcome });
const exits = (code: number) => ends({ kind: 'failed', code });

test('the waits before further attempts double, with jitter, up to five minutes', async (t) => {
  const { events, run } = simulate(makeSpecs(1), { hosts: ['a'], plan: exits(1) }, { retries: 11 });
  await run();
  const waits = eventsOf(events, 'job.requeued').map(({ at, notBefore = 0 }) => notBefore - Date.parse(at));
  // Random at 0 gives the shortest wait: half of the whole one.
  t.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 150_000, 150_000]);
  const launches = eventsOf(events, 'job.launched').map(({ at }) => Date.parse(at));
  for (const [at, wait] of waits.entries()) t.true((launches[at + 1] ?? 0) - (launches[at] ?? 0) >= wait);
});

test('with random at its end the wait is the whole one, and a wait of nothing is none', async (t) => {
  const whole = simulate(
    makeSpecs(1),
    { hosts: ['a'], plan: failTimes(1) },
    { retries: 1, retryDelaySecs: 8, random: () => 0.9999999 },
  );
  await whole.run();
  const [event] = eventsOf(whole.events, 'job.requeued');
  t.is((event?.notBefore ?? 0) - Date.parse(event?.at ?? ''), 8000);
  const none = simulate(makeSpecs(1), { hosts: ['a'], plan: exits(1) }, { retries: 3, retryDelaySecs: 0 });
  await none.run();
  t.true(eventsOf(none.events, 'job.requeued').every(({ notBefore }) => notBefore === undefined));
});

test('other jobs go on while one waits to be tried again', async (t) => {
  const { manager, run } = simulate(
    makeSpecs(5),
    { hosts: ['a'], plan: (attempt) => (attempt.job === '1' ? failTimes(1)(attempt) : {}) },
    { retries: 1, retryDelaySecs: 60 },
  );
  await run();
  const last = manager.jobs[0]?.attempts.at(-1)?.launchedAt ?? 0;
  t.true(manager.jobs.slice(1).every(({ attempts }) => (attempts[0]?.launchedAt ?? 0) < last));
});

test('a controller that takes a batch up keeps the wait that another one decided on', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const specs = makeSpecs(1);
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ hosts: ['a'], clock, plan: failTimes(1) });
  const first = new Manager({ clock, out, random: () => 0, retries: 1, retryDelaySecs: 200 });
  first.setup(specs, network);
  let wanted = 0;
  first.subscribe((event) => {
    if (event.type !== 'job.requeued') return;
    wanted = event.notBefore ?? 0;
    first.stop('enough');
  });
  t.is((await clock.runUntil(first.processJobs())).kind, 'stopped');
  const directory = new BatchDirectory(out);
  const state = createBatchState(specs, ['a']);
  await readJournal(directory.journalFile, (event) => void applyEvent(state, event));
  const due = state.jobs[0]?.notBefore ?? 0;
  t.true(due > 0);
  t.is(due, wanted);
  const store = await openBatchStore(directory, { batch: state.batch, clock });
  const second = new Manager({ clock, store, state, retries: 1 });
  second.setup(specs, new SimulatedNetwork({ hosts: ['a'], clock, plan: failTimes(1) }));
  t.is((await clock.runUntil(second.processJobs())).counts.done, 1);
  t.true((state.jobs[0]?.attempts[1]?.launchedAt ?? 0) >= due);
});

test('only what failed in a way that is listed is tried again, and never what is excluded', async (t) => {
  const attempts = async (outcome: Outcome, options: object): Promise<number> => {
    const { manager, run } = simulate(makeSpecs(1), { hosts: ['a'], plan: ends(outcome) }, options);
    await run();
    return manager.jobs[0]?.attempts.length ?? 0;
  };
  const listed = { retries: 2, retryOn: [75, 'oom'] };
  t.is(await attempts({ kind: 'failed', code: 75 }, listed), 3);
  t.is(await attempts({ kind: 'failed', code: 1 }, listed), 1);
  t.is(await attempts({ kind: 'killed', signal: 9, oom: true }, listed), 3);
  t.is(await attempts({ kind: 'killed', signal: 9 }, listed), 1);
  t.is(await attempts({ kind: 'timed-out' }, listed), 1);
  const excluded = { retries: 2, neverRetry: [2, 'timeout', 'signal'] };
  t.is(await attempts({ kind: 'failed', code: 1 }, excluded), 3);
  t.is(await attempts({ kind: 'failed', code: 2 }, excluded), 1);
  t.is(await attempts({ kind: 'timed-out' }, excluded), 1);
  t.is(await attempts({ kind: 'killed', signal: 9, oom: true }, excluded), 1);
  t.is(await attempts({ kind: 'failed', code: 75 }, { retries: 2, retryOn: [75], neverRetry: [75] }), 1);
});

test('a job’s own rules go before those of the batch', async (t) => {
  const specs = [makeSpec(), makeSpec({ retry: { retries: 0 } }), makeSpec({ retry: { retryOn: [9] } })];
  const { manager, run } = simulate(specs, { hosts: ['a'], plan: exits(1) }, { retries: 2 });
  await run();
  t.deepEqual(
    manager.jobs.map(({ attempts }) => attempts.length),
    [3, 1, 1],
  );
});

test('a job that fails 5 times with a limit of 10 is done after 6 attempts, with a limit of 3 it gives up', async (t) => {
  const often = simulate(makeSpecs(1), { hosts: ['a'], plan: failTimes(5) }, { retries: 10 });
  t.is((await often.run()).counts.done, 1);
  t.is(often.manager.jobs[0]?.attempts.length, 6);
  const rarely = simulate(makeSpecs(2), { hosts: ['a'], plan: failTimes(5) }, { retries: 3 });
  t.is((await rarely.run()).counts.error, 2);
  t.is(rarely.manager.jobs[0]?.attempts.length, 4);
});

test('a job that exits 99 goes to another host, waits for one that is busy, and that costs it no attempt', async (t) => {
  const { manager, run } = simulate(makeSpecs(2), {
    hosts: ['a', 'b'],
    plan: ({ job, host }) => {
      if (job === '2') return { durationMs: 60_000 };
      return { durationMs: 10, outcome: host === 'a' ? { kind: 'failed', code: 99 } : { kind: 'succeeded' } };
    },
  });
  t.is((await run()).counts.done, 2);
  t.deepEqual(
    manager.jobs[0]?.attempts.map(({ host, counted }) => `${host} ${counted}`),
    ['a false', 'b true'],
  );
  t.true((manager.jobs[0]?.attempts[1]?.launchedAt ?? 0) >= Date.UTC(2026, 0, 1, 0, 1));
});

test('exit 99 has an end: after twenty times, at once when it is excluded, and on one host alone', async (t) => {
  const always = simulate(makeSpecs(1), { hosts: ['a'], plan: exits(99) });
  const { failures } = await always.run();
  t.deepEqual(failures[0]?.outcome, { kind: 'failed', code: 99 });
  t.is(always.manager.jobs[0]?.attempts.length, 20);
  const never = simulate(makeSpecs(1), { hosts: ['a'], plan: exits(99) }, { neverRetry: [99] });
  await never.run();
  t.is(never.manager.jobs[0]?.attempts.length, 1);
});

test('a cost function decides how much of its retries a failure uses up', async (t) => {
  const asked: string[] = [];
  const costs = (cost: number) => ({
    retries: 4,
    retryCost: ({
      job,
      attempt,
      outcome,
    }: {
      job: { id: string };
      attempt: { n: number };
      outcome: Outcome;
    }) => {
      asked.push(`${job.id}.${attempt.n} ${outcome.kind}`);
      return cost;
    },
  });
  const count = async (cost: number): Promise<number> => {
    const { manager, run } = simulate(makeSpecs(1), { hosts: ['a'], plan: exits(1) }, costs(cost));
    await run();
    return manager.jobs[0]?.attempts.length ?? 0;
  };
  t.is(await count(2), 3);
  t.deepEqual(asked, ['1.1 failed', '1.2 failed', '1.3 failed']);
  t.is(await count(0.5), 9);
  t.is(await count(Number.POSITIVE_INFINITY), 1);
  t.is(await count(Number.NaN), 1);
});

test('a cost function that throws ends the retries and is reported; a host’s fault is not its business', async (t) => {
  const reported: unknown[] = [];
  const { manager, run } = simulate(
    makeSpecs(1),
    {
      hosts: ['a', 'b'],
      plan: ({ n }) =>
        n === 1
          ? { refusal: new HostError('E_REMOTE_DISK', { what: 'full', where: 'a' }) }
          : { outcome: { kind: 'failed', code: 1 } },
    },
    {
      retries: 5,
      retryCost: () => {
        throw new Error('no idea');
      },
      onError: (error) => reported.push(error),
    },
  );
  t.is((await run()).counts.error, 1);
  t.is(manager.jobs[0]?.attempts.length, 2);
  t.is(reported.length, 1);
});

test('what a failure cost is in the journal', async (t) => {
  const { events, run } = simulate(
    makeSpecs(1),
    { hosts: ['a'], plan: exits(1) },
    { retries: 4, retryCost: () => 2 },
  );
  await run();
  t.deepEqual(
    eventsOf(events, 'job.requeued').map(({ cost }) => cost),
    [2, 2],
  );
});

test('a job that may not be repeated is not launched again after an unclear start', async (t) => {
  const outages = [{ atMs: 500, forMs: 5_000, reboots: true }];
  const { manager, run } = simulate(
    makeSpecs(1, { repeatable: false }),
    { hosts: [{ name: 'a', outages }, 'b'], plan: () => ({ durationMs: 3_000 }) },
    { retries: 5, placement: 'pack' },
  );
  t.is((await run()).counts.error, 1);
  t.is(manager.jobs[0]?.attempts.length, 1);
});

test('wrong rules about retries are refused with the next step', (t) => {
  const options = (given: object) => () => new Manager(given);
  t.throws(options({ retries: 1, retryOn: [256] }), {
    message: /256 is no exit code from 1 to 255.*E_USAGE/,
  });
  t.throws(options({ retries: 1, neverRetry: [0] }), { message: /0 is success/ });
  t.throws(options({ retryOn: [1] }), { message: /retries is 0.*leave out retryOn/ });
  t.throws(options({ retryDelaySecs: -1 }), { message: /retryDelaySecs is -1/ });
  t.throws(options({ halt: 'soon' }), { message: /"soon": is no halt rule/ });
});
