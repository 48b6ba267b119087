import test from 'ava';
import { StateError } from '../../src/errors.js';
import type { Collected, GpoolEvent, Usage } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, countJobs, createBatchState } from '../../src/queue/batch-state.js';
import { STATES } from '../../src/queue/states.js';
import { seededRandom } from '../../src/random.js';
import { anySpecs, LOST, RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';

const FACTS = { cores: 2, bash: '5.2', memoryKb: 1, bootId: 'x', hostname: 'lab01', warnings: [] };
const USAGE: Usage = { startedAt: 1_700_000_000_000, wallMs: 12, userMs: 3, systemMs: 1, peakKb: 0 };
const NOTHING: Collected = { stdoutBytes: 0, stderrBytes: 0, files: [], missing: [], skipped: [] };
const SUCCEEDED: Outcome = { kind: 'succeeded' };

/** Applies events one after the other; answers what `applyEvent` answered. */
function apply(state: BatchState, ...events: readonly GpoolEvent[]): boolean[] {
  return events.map((event) =>
    applyEvent(state, { seq: state.seq + 1, at: '2026-03-01T10:00:00.000Z', ...event }),
  );
}

function ready(host: string, slots = 2): GpoolEvent {
  return { type: 'host.ready', host, slots, facts: FACTS };
}

function launched(job: string, n = 1, host = 'lab01'): GpoolEvent {
  return { type: 'job.launched', job, attempt: `${job}.${n}`, host };
}

function started(attempt: string, host = 'lab01'): GpoolEvent {
  return { type: 'job.started', attempt, host, slot: 1, offset: 10 };
}

function ended(attempt: string, outcome = SUCCEEDED, host = 'lab01'): GpoolEvent {
  const output = { stdout: false, stderr: false };
  return { type: 'job.ended', attempt, host, outcome, usage: USAGE, output, offset: 20 };
}

function done(attempt: string): GpoolEvent {
  return { type: 'job.done', job: attempt.split('.')[0] ?? '', attempt, collected: NOTHING };
}

/** Two hosts, lab01 ready with two slots; four jobs. */
function begin(): BatchState {
  const state = createBatchState(anySpecs(4), ['lab01', 'lab02']);
  apply(state, { type: 'batch.started', batch: 'b1', jobs: 4, hosts: ['lab01', 'lab02'] }, ready('lab01'));
  return state;
}

function states(state: BatchState): string {
  return [...state.jobs, ...state.hosts].map((each) => each.state).join(' ');
}

test('a batch begins with free jobs and hosts that were not asked yet', (t) => {
  const state = createBatchState(anySpecs(2), ['lab01']);
  t.is(states(state), 'free free unknown');
  t.deepEqual(
    state.jobs.map(({ id }) => id),
    ['1', '2'],
  );
});

test('a job that succeeds goes from free over busy to done', (t) => {
  const state = begin();
  apply(state, launched('1'));
  t.is(states(state), 'busy free free free free unknown');
  apply(state, started('1.1'));
  t.like(state.hosts[0], { handed: 1, running: 1 });
  apply(state, ended('1.1'));
  t.like(state.hosts[0], { handed: 0, running: 0 });
  t.is(state.jobs[0]?.state, 'busy', 'its output is still to be fetched');
  apply(state, done('1.1'));
  t.is(states(state), 'done free free free free unknown');
  t.like(state.hosts[0], { done: 1, failed: 0 });
  t.like(state.jobs[0]?.attempts[0], { id: '1.1', host: 'lab01', slot: 1, outcome: SUCCEEDED, usage: USAGE });
  t.is(state.offsets.lab01, 20);
});

test('a host is busy while as many attempts as it has slots, or more, are with it', (t) => {
  const state = begin();
  const seen = [launched('1'), launched('2'), launched('3'), ended('1.1'), ended('2.1')].map((event) => {
    apply(state, event);
    return state.hosts[0]?.state;
  });
  t.deepEqual(seen, ['free', 'busy', 'busy', 'busy', 'free']);
});

test('a lost host makes its busy jobs unknown, and they are busy again when it is back', (t) => {
  const state = begin();
  apply(state, ready('lab02'), launched('1'), launched('2', 1, 'lab02'));
  apply(state, { type: 'host.lost', host: 'lab01', fault: LOST });
  t.is(states(state), 'unknown busy free free unknown free');
  t.is(state.hosts[0]?.fault?.code, 'E_CONN_LOST');
  apply(state, ready('lab01', 1));
  t.is(states(state), 'busy busy free free busy free');
  t.is(state.hosts[0]?.fault, null);
});

test('a failed host is set aside, its busy jobs are unknown', (t) => {
  const state = begin();
  apply(state, launched('1'), { type: 'host.failed', host: 'lab01', fault: LOST });
  t.is(states(state), 'unknown free free free error unknown');
});

test('a job launched on a host just lost is unknown at once', (t) => {
  const state = begin();
  apply(state, { type: 'host.lost', host: 'lab01', fault: LOST }, launched('1'));
  t.is(state.jobs[0]?.state, 'unknown');
  apply(state, ready('lab01'));
  t.is(state.jobs[0]?.state, 'busy');
});

test('a job that failed is in error, with what failed it', (t) => {
  const state = begin();
  const outcome: Outcome = { kind: 'failed', code: 3 };
  apply(state, launched('1'), started('1.1'), ended('1.1', outcome));
  apply(state, { type: 'job.failed', job: '1', attempt: '1.1', outcome, fault: null, collected: NOTHING });
  t.is(state.jobs[0]?.state, 'error');
  t.like(state.jobs[0]?.attempts[0], { outcome, collected: NOTHING });
  t.is(state.hosts[0]?.failed, 1);
});

test('a job that never started frees its slot when it fails', (t) => {
  const state = begin();
  const outcome: Outcome = { kind: 'lost', fault: LOST };
  apply(state, launched('1'));
  apply(state, { type: 'job.failed', job: '1', attempt: '1.1', outcome, fault: LOST, collected: null });
  t.like(state.hosts[0], { handed: 0, running: 0, failed: 1 });
});

test('a requeued job waits at the end, without a host, and its next attempt has the next number', (t) => {
  const state = begin();
  apply(state, launched('1'), started('1.1'));
  apply(state, { type: 'job.requeued', job: '1', attempt: '1.1', reason: LOST, counted: false });
  t.like(state.jobs[0], { state: 'free', host: null });
  t.like(state.jobs[0]?.attempts[0], { fault: LOST, counted: false, outcome: { kind: 'lost', fault: LOST } });
  t.like(state.hosts[0], { handed: 0, running: 0 });
  t.is(state.jobQueue.inState('free').at(-1), state.jobs[0]);
  t.notThrows(() => apply(state, launched('1', 2)));
});

test('news that comes late, twice or from the wrong host changes no job', (t) => {
  const state = begin();
  apply(state, launched('1'), started('1.1'));
  apply(state, { type: 'job.requeued', job: '1', attempt: '1.1', reason: LOST, counted: true });
  t.deepEqual(apply(state, ended('1.1')), [false], 'of an attempt given up');
  apply(state, ready('lab02'), launched('1', 2, 'lab02'));
  const news = [
    started('1.1'),
    ended('1.1'),
    done('1.1'),
    started('1.2'),
    ended('1.2'),
    ended('9.1'),
    ended('x'),
    { type: 'batch.waited' } as const,
  ];
  t.deepEqual(new Set(apply(state, ...news)), new Set([false]));
  t.like(state.jobs[0], { state: 'busy', host: 'lab02' });
  t.deepEqual(apply(state, ended('1.2', SUCCEEDED, 'lab02'), ended('1.2', SUCCEEDED, 'lab02')), [
    true,
    false,
  ]);
  t.like(state.hosts[1], { handed: 0, running: 0 });
});

test('what is told but never journalled has number 0 and changes nothing', (t) => {
  const state = begin();
  t.false(applyEvent(state, { seq: 0, at: '', type: 'batch.waited' }));
  t.is(state.seq, 2);
});

test('stopping and the end of the batch are noted', (t) => {
  const state = begin();
  apply(state, { type: 'batch.stopping', reason: 'SIGINT' });
  t.is(state.stopping, 'SIGINT');
  apply(state, { type: 'batch.ended', summary: countJobs(state) });
  t.true(state.ended);
});

test('a job that is reopened waits again, with its attempts, and its limits count from there', (t) => {
  const state = begin();
  apply(state, launched('1'), started('1.1'), ended('1.1'), done('1.1'));
  apply(state, { type: 'batch.stopping', reason: 'SIGINT' });
  apply(state, { type: 'batch.ended', summary: countJobs(state) });
  apply(state, { type: 'job.reopened', job: '1', reason: 'all' });
  t.like(state.jobs[0], { state: 'free', host: null, budgetFrom: 1 });
  t.is(state.jobs[0]?.attempts.length, 1);
  t.is(state.hosts[0]?.done, 0);
  t.like(state, { ended: false, stopping: null });
  t.deepEqual(Object.keys(state.offsets), [], 'a batch that ended had its hosts cleaned');
  t.notThrows(() => apply(state, launched('1', 2)));
});

test('a batch that had not ended keeps its places in the event files when a job is reopened', (t) => {
  const state = begin();
  apply(state, launched('1'), ended('1.1'), done('1.1'), { type: 'job.reopened', job: '1', reason: 'all' });
  t.is(state.offsets.lab01, 20);
});

test('a revised batch skips the ids of removed jobs, and passes over what is told of them', (t) => {
  const state = createBatchState(anySpecs(3), ['lab01'], { revision: 2, removed: ['2'] });
  t.deepEqual(
    state.jobs.map(({ id, index }) => `${id} ${index}`),
    ['1 0', '3 2', '4 3'],
  );
  apply(state, { type: 'batch.started', batch: 'b', jobs: 3, hosts: ['lab01'] }, ready('lab01'));
  t.deepEqual(apply(state, launched('2'), started('2.1'), ended('2.1'), done('2.1')), Array(4).fill(false));
  t.is(state.offsets.lab01, 20);
  t.like(state.hosts[0], { handed: 0, running: 0, done: 0 });
  apply(state, { type: 'batch.revised', revision: 2, jobs: 3 }, launched('4'));
  t.is(state.revision, 2);
  t.is(state.jobById.get('4')?.attempts[0]?.revision, 2);
  t.is(state.jobById.get('2'), undefined);
});

const IMPOSSIBLE: readonly (readonly [string, readonly GpoolEvent[]])[] = [
  ['a launch on a host of another batch', [launched('1', 1, 'moon')]],
  ['a launch of a job of another batch', [launched('9')]],
  ['a launch that skips a number', [launched('1', 2)]],
  ['a launch of a busy job', [launched('1'), launched('1', 2)]],
  ['the success of a job that has not ended', [launched('1'), done('1.1')]],
  [
    'the success of a job that failed',
    [launched('1'), ended('1.1', { kind: 'failed', code: 1 }), done('1.1')],
  ],
  ['the success of a job that succeeded before', [launched('1'), ended('1.1'), done('1.1'), done('1.1')]],
  ['the success of an attempt that was never made', [launched('1'), ended('1.1'), done('1.2')]],
  ['a batch of another size', [{ type: 'batch.started', batch: 'b2', jobs: 5, hosts: [] }]],
  ['news of a host of another batch', [ready('moon')]],
  ['a job that waits being reopened', [{ type: 'job.reopened', job: '1', reason: '' }]],
  ['a job of another batch being reopened', [{ type: 'job.reopened', job: '9', reason: '' }]],
  ['a revision that is not in batch.json', [{ type: 'batch.revised', revision: 2, jobs: 4 }]],
  ['a revision that skips a number', [{ type: 'batch.revised', revision: 3, jobs: 4 }]],
];
for (const [title, events] of IMPOSSIBLE) {
  test(`${title} is refused and changes nothing`, (t) => {
    const state = begin();
    const last = events.at(-1);
    apply(state, ...events.slice(0, -1));
    const before = structuredClone([state.jobs, state.hosts, state.seq]);
    t.is(t.throws(() => last && apply(state, last), { instanceOf: StateError })?.code, 'E_TRANSITION');
    t.deepEqual(structuredClone([state.jobs, state.hosts, state.seq]), before);
  });
}

test('a gap in the numbers is refused', (t) => {
  const state = begin();
  const error = t.throws(() => applyEvent(state, { seq: 9, at: '', type: 'batch.stopping', reason: '' }));
  t.true(error instanceof StateError && error.code === 'E_TRANSITION');
});

test('over random histories the counts always add up', (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 30; round += 1) {
    const history = new RandomHistory(random, { jobs: 12, hosts: 4 });
    for (let step = 0; step < 150; step += 1) {
      history.run(1);
      checkInvariants(history.state);
    }
  }
  t.pass();
});

/** Counted from the jobs, and compared with what was kept up to date by events. */
function checkInvariants({ jobs, jobQueue, hosts, hostQueue }: BatchState): void {
  const faults: string[] = [];
  for (const job of jobs) if (jobQueue.stateOf(job) !== job.state) faults.push(`job ${job.id}`);
  const total = STATES.reduce((sum, state) => sum + jobQueue.count(state), 0);
  if (total !== jobs.length) faults.push(`${total} jobs`);
  for (const host of hosts) {
    const open = jobs
      .flatMap(({ attempts }) => attempts)
      .filter((each) => each.host === host.name && !each.outcome);
    const full = host.handed >= (host.slots ?? 0);
    if (hostQueue.stateOf(host) !== host.state) faults.push(`host ${host.name}`);
    if (host.handed !== open.length) faults.push(`${host.name} handed`);
    if (host.running !== open.filter(({ startedAt }) => startedAt !== null).length) faults.push('running');
    if (host.state === 'free' && full) faults.push(`${host.name} is full`);
    if (host.state === 'busy' && !full) faults.push(`${host.name} has a slot`);
    const settled = jobs.filter((job) => job.host === host.name);
    if (host.done !== settled.filter(({ state }) => state === 'done').length) faults.push('done');
    if (host.failed !== settled.filter(({ state }) => state === 'error').length) faults.push('failed');
  }
  if (faults.length > 0) throw new Error(faults.join(', '));
}

test('a hundred thousand jobs of four events each are applied quickly', (t) => {
  const count = 100_000;
  const state = createBatchState(anySpecs(count), ['lab01']);
  apply(state, { type: 'batch.started', batch: 'b', jobs: count, hosts: ['lab01'] }, ready('lab01'));
  const begun = performance.now();
  for (let n = 1; n <= count; n += 1) {
    const attempt = `${n}.1`;
    apply(state, launched(String(n)), started(attempt), ended(attempt), done(attempt));
  }
  const rate = (4 * count) / ((performance.now() - begun) / 1000);
  t.log(`${Math.round(rate / 1000)} thousand events a second`);
  t.is(countJobs(state).done, count);
  // Anything quadratic would be a hundred times slower than this.
  t.true(rate > 30_000);
});
