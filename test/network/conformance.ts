import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { HostError } from '../../src/errors.js';
import { parseAttemptId } from '../../src/events/attempt-id.js';
import type { NetworkEvent } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import type { Attempt, Network } from '../../src/network/network.js';
import type { Host } from '../../src/spec/host.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { conformanceJobs as jobs } from './conformance-jobs.js';

/** Hosts that a test has for itself. */
export interface Place {
  /** A Network over them, not yet open; several one after the other see the same hosts. */
  connect(): Network;
}

export interface ConformanceOptions {
  /** How a test is registered: `test.serial`, or one that is skipped where something is missing. */
  readonly register: (title: string, body: (t: ExecutionContext) => Promise<void>) => void;
  /** One host with so many slots. */
  readonly makePlace: (t: ExecutionContext, slots: number) => Promise<Place>;
  /** Titles of cases that this network does not claim, and why. They are not registered. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** Registers what every Network must do, under `name`. */
export function networkConformance(name: string, options: ConformanceOptions): void {
  const { register, makePlace, exceptions = {} } = options;
  const strangers = Object.keys(exceptions).filter((title) => CASES[title] === undefined);
  if (strangers.length > 0) throw new Error(`there is no case "${strangers.join('", "')}"`);
  for (const [title, { slots = 1, body }] of Object.entries(CASES)) {
    if (exceptions[title] !== undefined) continue;
    register(`${name}: ${title}`, async (t) => body(t, await openBench(t, await makePlace(t, slots))));
  }
}

interface Case {
  readonly slots?: number;
  readonly body: (t: ExecutionContext, bench: Bench) => Promise<void>;
}

const CASES: Readonly<Record<string, Case>> = {
  'an exit code is told exactly': {
    slots: 2,
    async body(t, bench) {
      for (const code of [0, 1, 3, 126, 127, 255]) {
        const expected: Outcome = code === 0 ? { kind: 'succeeded' } : { kind: 'failed', code };
        t.deepEqual((await bench.run(jobs.exit(code))).outcome, expected);
      }
    },
  },
  'the end by a signal is told with its number': {
    async body(t, bench) {
      for (const signal of [9, 15]) {
        t.deepEqual((await bench.run(jobs.signal(signal))).outcome, { kind: 'killed', signal });
      }
    },
  },
  'a job that takes too long is ended on the host': {
    async body(t, bench) {
      t.is((await bench.run(jobs.tooLong)).outcome.kind, 'timed-out');
    },
  },
  'a start is idempotent, at once and after the end': {
    async body(t, bench) {
      const attempt = bench.attempt(jobs.writer);
      await Promise.all([bench.network.launchJob(attempt), bench.network.launchJob(attempt)]);
      await bench.ended(attempt);
      await bench.network.launchJob(attempt);
      await bench.run(jobs.exit(0));
      t.deepEqual(bench.types(attempt), ['job.started', 'job.ended']);
      t.is(String(await bench.network.getStdout(attempt)), 'to stdout\n');
    },
  },
  'stdout and stderr are kept apart, and a part of them can be had': {
    async body(t, bench) {
      const { attempt, output } = await bench.run(jobs.writer);
      t.like(output, { stdout: true, stderr: true });
      t.is(String(await bench.network.getStderr(attempt)), 'to stderr\n');
      t.is(String(await bench.network.getStdout(attempt, { from: 3, maxBytes: 6 })), 'stdout');
      t.is(String(await bench.network.getStdout(attempt, { from: 1000 })), '');
    },
  },
  'a job sees its environment, its host and its slot': {
    async body(t, bench) {
      const attempt = { ...bench.attempt(jobs.environment), env: { COLOUR: 'a "b" $c' } };
      await bench.network.launchJob(attempt);
      await bench.ended(attempt);
      t.is(String(await bench.network.getStdout(attempt)), `a "b" $c ${attempt.host} 1\n`);
    },
  },
  'collecting brings outputs and returns, and names what is missing': {
    async body(t, bench) {
      const { attempt } = await bench.run(jobs.returner);
      const directory = join(await tempDir(t), 'attempt');
      const collected = await bench.network.collectJob(attempt, directory);
      t.deepEqual(collected.missing, ['out/b.csv']);
      t.deepEqual(collected.files, [{ path: 'out/a.csv', bytes: 4 }]);
      t.is(await readFile(join(directory, 'out/a.csv'), 'utf8'), '1,2\n');
    },
  },
  'collecting brings both outputs under their final names': {
    async body(t, bench) {
      const { attempt } = await bench.run(jobs.writer);
      const directory = join(await tempDir(t), 'attempt');
      await mkdir(directory);
      t.like(await bench.network.collectJob(attempt, directory), { stdoutBytes: 10, stderrBytes: 10 });
      t.is(await readFile(join(directory, 'stdout'), 'utf8'), 'to stdout\n');
      t.is(await readFile(join(directory, 'stderr'), 'utf8'), 'to stderr\n');
    },
  },
  'killing ends a running attempt, and again it is harmless': {
    async body(t, bench) {
      const attempt = await bench.launch(jobs.sleeper);
      await bench.started(attempt);
      await bench.network.killJob(attempt);
      t.deepEqual((await bench.ended(attempt)).outcome, { kind: 'cancelled' });
      await bench.network.killJob(attempt);
      t.deepEqual(await bench.status(attempt), { state: 'error', outcome: { kind: 'cancelled' } });
    },
  },
  'a waiting attempt is free, and never starts once it was killed': {
    async body(t, bench) {
      const first = await bench.launch(jobs.sleeper);
      const second = await bench.launch(jobs.exit(0));
      await bench.started(first);
      t.deepEqual(await bench.status(second), { state: 'free' });
      await bench.network.killJob(second);
      t.deepEqual((await bench.ended(second)).outcome, { kind: 'cancelled' });
      await bench.network.killJob(first);
      await bench.ended(first);
      t.deepEqual(bench.types(second), ['job.ended']);
    },
  },
  'a waiting attempt can be taken back, and then never starts; others cannot': {
    async body(t, bench) {
      const first = await bench.launch(jobs.sleeper);
      const second = await bench.launch(jobs.exit(0));
      await bench.started(first);
      for (const attempt of [first, second, second]) await bench.network.recallJob(attempt);
      await bench.network.recallJob(bench.attempt(jobs.exit(0)));
      t.deepEqual((await bench.ended(second)).outcome, { kind: 'recalled' });
      t.deepEqual(await bench.status(second), { state: 'error', outcome: { kind: 'recalled' } });
      t.like(await bench.status(first), { state: 'busy', paused: false });
      await bench.network.launchJob(second);
      await bench.network.killJob(first);
      t.deepEqual((await bench.ended(first)).outcome, { kind: 'cancelled' });
      await bench.network.recallJob(first);
      await bench.run(jobs.exit(0));
      t.deepEqual(bench.types(second), ['job.ended']);
    },
  },
  'a paused attempt stands still until it is unpaused': {
    async body(t, bench) {
      const attempt = await bench.launch(jobs.nap);
      await bench.started(attempt);
      await bench.network.pauseJob(attempt);
      const isPaused = async (paused: boolean) => {
        const status = await bench.status(attempt);
        return status.state === 'busy' && status.paused === paused;
      };
      await waitFor(() => isPaused(true), { what: 'the pause' });
      await bench.network.unpauseJob(attempt);
      t.deepEqual((await bench.ended(attempt)).outcome, { kind: 'succeeded' });
    },
  },
  'an attempt that was cleared keeps its end, has no outputs and never starts again': {
    async body(t, bench) {
      const { attempt } = await bench.run(jobs.leaver);
      bench.network.clearJob(attempt);
      bench.network.clearJob(attempt);
      await waitFor(() => hasNoOutput(bench, attempt), CLEARING);
      t.deepEqual(await bench.status(attempt), { state: 'done' });
      await bench.network.launchJob(attempt);
      await bench.run(jobs.exit(0));
      t.deepEqual(bench.types(attempt), ['job.started', 'job.ended']);
      await bench.reconnect();
      t.deepEqual(await bench.status(attempt), { state: 'done' });
      await bench.network.deleteJob(attempt);
      t.is((await bench.status(attempt)).state, 'unknown');
    },
  },
  'what has not ended is not cleared, and clearing on a host that is not in the pool is harmless': {
    slots: 2,
    async body(t, bench) {
      const attempt = await bench.launch(jobs.sleeper);
      await bench.started(attempt);
      bench.network.clearJob(attempt);
      bench.network.clearJob({ ...attempt, host: 'nowhere' });
      const { attempt: other } = await bench.run(jobs.leaver);
      bench.network.clearJob(other);
      await waitFor(() => hasNoOutput(bench, other), CLEARING);
      t.like(await bench.status(attempt), { state: 'busy', paused: false });
      await bench.network.killJob(attempt);
      t.deepEqual((await bench.ended(attempt)).outcome, { kind: 'cancelled' });
    },
  },
  'a running attempt cannot be deleted, an ended one is gone': {
    async body(t, bench) {
      const attempt = await bench.launch(jobs.sleeper);
      await bench.started(attempt);
      await t.throwsAsync(bench.network.deleteJob(attempt));
      await bench.network.killJob(attempt);
      await bench.ended(attempt);
      await bench.network.deleteJob(attempt);
      t.is((await bench.status(attempt)).state, 'unknown');
    },
  },
  'an attempt that nobody knows does not spoil the status of others': {
    async body(t, bench) {
      const { attempt: good } = await bench.run(jobs.exit(0));
      const { attempt: bad } = await bench.run(jobs.exit(1));
      const strange = bench.attempt(jobs.exit(0));
      const statuses = await bench.network.getJobStatus([strange, good, bad]);
      t.is(statuses.get(strange.id)?.state, 'unknown');
      t.deepEqual(
        [good, bad].map(({ id }) => statuses.get(id)),
        [{ state: 'done' }, { state: 'error', outcome: { kind: 'failed', code: 1 } }],
      );
    },
  },
  'every attempt is told to start once and end once, and offsets only grow': {
    slots: 4,
    async body(t, bench) {
      const attempts = Array.from({ length: 40 }, (_, at) => bench.attempt(jobs.exit(at % 3)));
      await Promise.all(attempts.map((attempt) => bench.network.launchJob(attempt)));
      for (const attempt of attempts) {
        const end = await bench.ended(attempt);
        t.deepEqual(bench.types(attempt), ['job.started', 'job.ended'], JSON.stringify(end));
      }
      const offsets = bench.events.flatMap((event) => ('offset' in event ? [event.offset] : []));
      t.deepEqual(
        offsets,
        offsets.toSorted((a, b) => a - b),
      );
    },
  },
  'never more attempts run than there are slots': {
    slots: 2,
    async body(t, bench) {
      const attempts = Array.from({ length: 12 }, () => bench.attempt(jobs.exit(0)));
      await Promise.all(attempts.map((attempt) => bench.network.launchJob(attempt)));
      for (const attempt of attempts) await bench.ended(attempt);
      t.true(bench.mostRunning() <= 2);
    },
  },
  'letting go leaves what runs alone, and its end is told later, once': {
    async body(t, bench) {
      const attempt = await bench.launch(jobs.longNap);
      await bench.started(attempt);
      await bench.reconnect();
      t.deepEqual((await bench.ended(attempt)).outcome, { kind: 'succeeded' });
      t.deepEqual(bench.types(attempt), ['job.started', 'job.ended']);
      t.is(String(await bench.network.getStdout(attempt)), 'awake\n');
    },
  },
  'after the clean-up nothing is known of the batch': {
    async body(t, bench) {
      const { attempt } = await bench.run(jobs.exit(0));
      await bench.reconnect({ cleanup: true });
      t.is((await bench.status(attempt)).state, 'unknown');
    },
  },
  'a host takes another number of slots at once': {
    async body(t, bench) {
      const first = await bench.launch(jobs.sleeper);
      const second = await bench.launch(jobs.sleeper);
      await bench.started(first);
      await bench.network.addHost({ ...bench.host, slots: { kind: 'count', count: 2 } });
      await bench.started(second);
      t.is(bench.events.findLast((event) => event.type === 'host.ready')?.slots, 2);
      for (const attempt of [first, second]) await bench.network.killJob(attempt);
      for (const attempt of [first, second]) await bench.ended(attempt);
    },
  },
  'a host that was let go of is in the pool no more, and begins anew when it joins again': {
    async body(t, bench) {
      const { host } = bench;
      const { attempt } = await bench.run(jobs.exit(0));
      const leaving = bench.network.removeHost(host.name, { cleanup: true });
      await bench.network.removeHost(host.name);
      t.deepEqual(bench.network.getHosts(), []);
      await t.throwsAsync(bench.network.launchJob(attempt), { instanceOf: HostError });
      await Promise.all([leaving, bench.network.addHost(host)]);
      t.is((await bench.status(attempt)).state, 'unknown');
      t.deepEqual((await bench.run(jobs.exit(0))).outcome, { kind: 'succeeded' });
    },
  },
  'a host that is not in the pool is refused': {
    async body(t, bench) {
      const attempt = { ...bench.attempt(jobs.exit(0)), host: 'nowhere' };
      await t.throwsAsync(bench.network.launchJob(attempt), { instanceOf: HostError });
    },
  },
};

/** Read in the moment in which it is removed, an output is shorter than it was said to be: it is read again. */
const hasNoOutput = async ({ network }: Bench, attempt: Attempt): Promise<boolean> =>
  (await network.getStdout(attempt).catch(() => null))?.length === 0;
const CLEARING = { limitMs: 60_000, what: 'the clearing' };

type Ended = Extract<NetworkEvent, { type: 'job.ended' }>;

/** An open network and all it has told. */
class Bench {
  readonly events: NetworkEvent[] = [];
  readonly batch = `conformance-${process.pid}-${Math.random().toString(36).slice(2)}`;
  network: Network;
  readonly #place: Place;
  #jobs = 0;
  #unsubscribe: () => void = () => {};

  constructor(place: Place) {
    this.#place = place;
    this.network = place.connect();
  }

  async open(offsets: Readonly<Record<string, number>> = {}): Promise<void> {
    this.#unsubscribe = this.network.subscribe((event) => this.events.push(event));
    await this.network.open({ batch: this.batch, offsets });
  }

  /** Lets go, and comes back as another controller that knows how far the first one read. */
  async reconnect(close: { readonly cleanup?: boolean } = {}): Promise<void> {
    const offsets: Record<string, number> = {};
    await this.network.close(close);
    this.#unsubscribe();
    for (const event of this.events) if ('offset' in event) offsets[event.host] = event.offset;
    this.network = this.#place.connect();
    await this.open(close.cleanup ? {} : offsets);
  }

  get host(): Host {
    const [host] = this.network.getHosts();
    if (host) return host;
    throw new Error('the place has no host');
  }

  attempt(spec: JobSpec): Attempt {
    this.#jobs += 1;
    const job = String(this.#jobs);
    const host = this.host.name;
    return { id: `${job}.1`, job, n: parseAttemptId(`${job}.1`).n, host, spec, env: {} };
  }

  async launch(spec: JobSpec): Promise<Attempt> {
    const attempt = this.attempt(spec);
    await this.network.launchJob(attempt);
    return attempt;
  }

  async run(spec: JobSpec): Promise<Omit<Ended, 'attempt'> & { readonly attempt: Attempt }> {
    const attempt = await this.launch(spec);
    return { ...(await this.ended(attempt)), attempt };
  }

  started({ id }: Attempt): Promise<unknown> {
    return this.#eventOf(id, 'job.started');
  }

  async ended({ id }: Attempt): Promise<Ended> {
    const event = await this.#eventOf(id, 'job.ended');
    if (event.type !== 'job.ended') throw new Error('not an end');
    return event;
  }

  async status(attempt: Attempt) {
    return (await this.network.getJobStatus([attempt])).get(attempt.id) ?? { state: 'unknown' as const };
  }

  types({ id }: Attempt): string[] {
    return this.events.flatMap((event) => ('attempt' in event && event.attempt === id ? [event.type] : []));
  }

  mostRunning(): number {
    let [running, most] = [0, 0];
    for (const { type } of this.events) {
      if (type === 'job.started') running += 1;
      if (type === 'job.ended') running -= 1;
      most = Math.max(most, running);
    }
    return most;
  }

  #eventOf(id: string, type: 'job.started' | 'job.ended'): Promise<NetworkEvent> {
    const find = () => this.events.find((event) => event.type === type && event.attempt === id);
    return waitFor(find, { limitMs: 60_000, what: `${type} of ${id}` });
  }
}

async function openBench(t: ExecutionContext, place: Place): Promise<Bench> {
  const bench = new Bench(place);
  await bench.open();
  t.teardown(() => bench.network.close({ cleanup: true }));
  return bench;
}
