import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostError, JobError, StateError, TransportError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { memoryStore } from '../../src/journal/batch-store.js';
import { Manager } from '../../src/manager/manager.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { makeSpec, makeSpecs } from '../helpers/make-specs.js';
import { eventsOf, simulate } from '../helpers/simulate.js';
import { tempDir } from '../helpers/temp-dir.js';

const result = { pattern: 'result.csv', optional: false };

test('outputs and returns are fetched into the attempt’s directory', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const plan = () => ({ stdout: 'hello\n', files: { 'result.csv': '1,2\n' } });
  const { manager, run } = simulate([makeSpec({ returns: [result] })], { hosts: ['a'], plan }, { out });
  t.is((await run()).counts.done, 1);
  const directory = new BatchDirectory(out).attemptDirectory('1', 1);
  t.is(await readFile(join(directory, 'stdout'), 'utf8'), 'hello\n');
  t.is(await readFile(join(directory, 'result.csv'), 'utf8'), '1,2\n');
  t.like(manager.jobs[0]?.attempts[0]?.collected, { stdoutBytes: 6, missing: [] });
});

test('a missing return fails the job with its own reason; the exit code is still there', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const specs = [makeSpec({ name: 'forgetful', returns: [result] })];
  const { failures } = await simulate(specs, { hosts: ['a'], plan: () => ({ files: {} }) }, { out }).run();
  t.deepEqual(failures[0]?.outcome, { kind: 'succeeded' });
  t.is(failures[0]?.fault?.code, 'E_OUTPUT_MISSING');
  t.is(failures[0]?.fault?.where, 'job 1 (forgetful)');
});

test('a job that failed keeps its exit code, whatever it did not leave', async (t) => {
  const out = join(await tempDir(t), 'batch');
  const plan = () => ({ outcome: { kind: 'failed', code: 9 } as const, files: {}, stderr: 'why\n' });
  const { failures } = await simulate(
    [makeSpec({ returns: [result] })],
    { hosts: ['a'], plan },
    { out },
  ).run();
  t.deepEqual(failures[0]?.outcome, { kind: 'failed', code: 9 });
  t.is(failures[0]?.fault, null);
  const stderr = join(new BatchDirectory(out).attemptDirectory('1', 1), 'stderr');
  t.is(await readFile(stderr, 'utf8'), 'why\n');
});

/** A network whose hosts have nothing any more of what they are asked for. */
class EmptiedNetwork extends SimulatedNetwork {
  override collectJob(): Promise<never> {
    return Promise.reject(new JobError('E_STORE_GONE', { what: 'its stdout is gone', where: 'a' }));
  }
}

test('a lost attempt is told by the reason of its loss, whatever else of it is missing', async (t) => {
  const fault = new HostError('E_SUPERVISOR', { what: 'its supervisor was killed', where: 'a' }).toFault();
  const clock = new ManualClock();
  const plan = () => ({ outcome: { kind: 'lost', fault } as const });
  const network = new EmptiedNetwork({ hosts: ['a', 'b', 'c'], plan, clock });
  const manager = new Manager({ clock, out: join(await tempDir(t), 'batch') });
  const events: Recorded[] = [];
  manager.subscribe((event) => events.push(event));
  manager.setup([makeSpec({})], network);
  const { failures } = await clock.runUntil(manager.processJobs());
  t.is(eventsOf(events, 'job.requeued').length, 2);
  for (const { reason } of eventsOf(events, 'job.requeued')) t.deepEqual(reason, { kind: 'lost', fault });
  t.deepEqual(failures[0]?.outcome, { kind: 'lost', fault });
  t.is(failures[0]?.fault, null);
});

/** A network whose fetching is slow, or fails until it works. */
class SlowFetch extends SimulatedNetwork {
  failures = 0;
  code: 'E_TRANSFER' | 'E_CONN_LOST' = 'E_TRANSFER';
  readonly fetching: (() => void)[] = [];

  override async collectJob(...args: Parameters<SimulatedNetwork['collectJob']>) {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new TransportError(this.code, { what: 'cut short', where: 'a' });
    }
    await new Promise<void>((resolve) => this.fetching.push(resolve));
    return super.collectJob(...args);
  }
}

test('fetching does not hold the host’s slot', async (t) => {
  const clock = new ManualClock();
  const network = new SlowFetch({ hosts: ['a'], clock, plan: () => ({ stdout: 'x' }) });
  const manager = new Manager({ clock, out: join(await tempDir(t), 'batch') });
  let ended = 0;
  manager.subscribe(({ type }) => {
    if (type === 'job.ended') ended += 1;
    // All three have run before the first one's output is here.
    if (ended === 3) for (const go of network.fetching.splice(0)) go();
  });
  manager.setup(makeSpecs(3), network);
  t.is((await clock.runUntil(manager.processJobs())).counts.done, 3);
});

/** One job whose fetch fails so often. */
async function failToFetch(t: ExecutionContext, code: SlowFetch['code'], failures: number): Promise<Manager> {
  const clock = new ManualClock();
  const network = new SlowFetch({ hosts: ['a'], clock, plan: () => ({ stdout: 'x' }) });
  Object.assign(network, { code, failures });
  network.fetching.push = (resolve: () => void) => {
    resolve();
    return 0;
  };
  const manager = new Manager({ clock, out: join(await tempDir(t), 'batch') });
  manager.setup(makeSpecs(1), network);
  await clock.runUntil(manager.processJobs());
  return manager;
}

test('a fetch that was cut short is made again', async (t) => {
  const { jobs } = await failToFetch(t, 'E_TRANSFER', 2);
  t.is(jobs[0]?.state, 'done');
});

test('a fetch that fails five times over a link that holds is given up', async (t) => {
  const { jobs } = await failToFetch(t, 'E_TRANSFER', 5);
  t.is(jobs[0]?.state, 'error');
});

test('however often the link goes in the middle of a fetch, the job is done', async (t) => {
  const { jobs } = await failToFetch(t, 'E_CONN_LOST', 40);
  t.is(jobs[0]?.state, 'done');
});

test('when the journal cannot be written nothing more is launched and the reason is thrown', async (t) => {
  const clock = new ManualClock();
  const memory = memoryStore({ clock });
  const full = new StateError('E_JOURNAL', { what: 'no space left', where: 'journal.jsonl' });
  let records = 0;
  const store = {
    ...memory,
    record: (events: Parameters<typeof memory.record>[0]) => {
      records += 1;
      return records > 4 ? Promise.reject(full) : memory.record(events);
    },
  };
  const network = new SimulatedNetwork({ hosts: ['a'], clock });
  let launches = 0;
  const launchJob = network.launchJob.bind(network);
  network.launchJob = (attempt) => {
    launches += 1;
    return launchJob(attempt);
  };
  const manager = new Manager({ clock, store });
  manager.setup(makeSpecs(10), network);
  await t.throwsAsync(clock.runUntil(manager.processJobs()), { is: full });
  const before = launches;
  clock.advance(100_000);
  t.is(launches, before);
  t.true(launches < 10);
});

test('a new Manager goes on where another one stopped, and runs no attempt twice', async (t) => {
  const clock = new ManualClock();
  const specs = makeSpecs(6);
  const network = new SimulatedNetwork({ hosts: ['a', 'b'], clock, plan: () => ({ durationMs: 10_000 }) });
  const events: Recorded[] = [];
  const store = memoryStore({ clock });
  const options = { clock, store, batchId: 'night' };
  const first = new Manager(options);
  first.subscribe((event) => events.push(event));
  first.setup(specs, network);
  clock.after(15_000, () => first.stop('closing the laptop'));
  t.is((await clock.runUntil(first.processJobs())).kind, 'stopped');
  clock.advance(60_000);

  const state = createBatchState(specs, ['a', 'b']);
  for (const event of events) applyEvent(state, event);
  const second = new Manager({ ...options, state });
  second.subscribe((event) => events.push(event));
  second.setup(specs, network);
  t.is((await clock.runUntil(second.processJobs())).counts.done, 6);
  t.is(eventsOf(events, 'job.launched').length, 6);
  t.is(eventsOf(events, 'job.started').length, 6);
});
