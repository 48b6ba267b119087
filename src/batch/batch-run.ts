import { systemClock } from '../clock.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import type { BatchStore } from '../journal/batch-store.js';
import { createAttempt } from '../manager/attempt.js';
import { LoggingManager } from '../manager/logging-manager.js';
import type { Order } from '../manager/order.js';
import type { BatchSummary } from '../manager/summary.js';
import type { Network, OutputRange } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_UNKNOWN, type State } from '../queue/states.js';
import { Joblog } from '../report/joblog.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { BatchOptions } from './batch-options.js';
import { describeOverview } from './batch-overview.js';
import type { BatchProgress } from './batch-progress.js';
import { describeBatch } from './batch-status.js';
import { BatchView } from './batch-view.js';
import { closeFirst } from './close-first.js';
import { createDesk } from './control-desk.js';
import { ControlServer } from './control-server.js';
import type { Contact } from './create-network.js';
import { type Answer, explainWord } from './explain-word.js';
import { giveOrder } from './give-order.js';
import type { BatchEnd, RunJob, WatchedBatch } from './watched-batch.js';

/** The parts of a batch, put together. */
export interface BatchParts {
  readonly id: string;
  /** The batch directory's own; a batch of an earlier release has none. */
  readonly key?: string | undefined;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly specs: readonly JobSpec[];
  readonly directory: BatchDirectory;
  readonly store: BatchStore;
  readonly options: BatchOptions;
  readonly state: BatchState;
  readonly network: Network;
  /** Who answers questions when the hosts have to be asked again. */
  readonly contact: Contact;
  /** Whether the hosts are given all that they will take, to go on by themselves. @default false */
  readonly detach?: boolean | undefined;
  readonly joblogs: readonly string[];
  readonly onLogError: (error: unknown) => void;
}

/** A batch that runs in this process. */
export class BatchRun implements WatchedBatch {
  readonly directory: string;
  readonly #parts: BatchParts;
  readonly #manager: LoggingManager;
  readonly #joblogs: readonly Joblog[];
  readonly #control: ControlServer;
  readonly #view: BatchView;
  #processing: Promise<BatchSummary> | null = null;

  constructor(parts: BatchParts) {
    const { id, key, name, store, state, directory, options, onLogError } = parts;
    this.directory = directory.path;
    this.#parts = parts;
    this.#view = new BatchView(parts);
    this.#manager = new LoggingManager({
      ...options,
      // As GNU parallel counts: the first try is one of them.
      retries: (options.retries ?? 1) - 1,
      jsonLog: directory.logFile,
      detach: parts.detach ?? false,
      batchId: id,
      ...(key !== undefined && { batchKey: key }),
      name,
      store: closeFirst(store, () => this.#control.close()),
      state,
      onError: onLogError,
    });
    this.#joblogs = parts.joblogs.map((path) => new Joblog(path, state, onLogError));
    this.#manager.setup(parts.specs, parts.network);
    this.#control = new ControlServer(
      createDesk({
        directory,
        state,
        manager: this.#manager,
        progress: () => this.progress(),
        status: () => describeBatch({ directory, file: parts, state }),
        overview: (most) => describeOverview({ directory, file: parts, state }, most),
        why: (word) => this.#explain(word),
        readRunning: (attempt, stream, range) => this.readRunning(attempt, stream, range),
      }),
    );
    this.#manager.subscribe((event) => this.#note(event));
  }

  /** Runs the batch to its end. Rejects with a StateError when the journal cannot be written. */
  async start(): Promise<BatchEnd> {
    try {
      this.#processing = this.#control
        .open()
        .catch(this.#parts.onLogError)
        .then(() => this.#manager.processJobs());
      const summary = await this.#processing;
      return { summary, report: await this.#view.report() };
    } finally {
      for (const joblog of this.#joblogs) joblog.close();
    }
  }

  subscribe(listener: (event: Recorded) => void): () => void {
    return this.#manager.subscribe(listener);
  }

  /** Tells the batch what a person wants. Rejects with a SpecError for a job or host that it does not have. */
  async order(order: Order): Promise<void> {
    await this.#manager.order(order);
  }

  progress(): BatchProgress {
    return this.#view.progress();
  }

  job(id: string): RunJob | undefined {
    return this.#view.job(id);
  }

  openJobs(): readonly number[] {
    return this.#view.openJobs();
  }

  runningAttempts(): readonly string[] {
    return this.#view.runningAttempts();
  }

  readOutput(attempt: string, stream: 'stdout' | 'stderr', from: number): AsyncIterable<Buffer> {
    return this.#view.readOutput(attempt, stream, from);
  }

  /** What a running attempt has written so far, from its host. */
  readRunning(attempt: string, stream: 'stdout' | 'stderr', range: OutputRange): Promise<Buffer> {
    const { job, n } = parseAttemptId(attempt);
    const found = this.#parts.state.jobById.get(job);
    const record = found?.attempts[n - 1];
    if (!found || !record) return Promise.resolve(Buffer.alloc(0));
    const order = createAttempt(this.#parts.id, found, record);
    const { network } = this.#parts;
    return stream === 'stdout' ? network.getStdout(order, range) : network.getStderr(order, range);
  }

  #explain(word: string): Answer {
    const { state, directory, options } = this.#parts;
    const { maxRunning = null } = options;
    return explainWord(state, word, directory.path, { controlled: true, now: systemClock.now(), maxRunning });
  }

  /** Launches nothing more; what runs goes on. */
  stop(reason: string): void {
    this.#manager.stop(reason);
  }

  /**
   * Ends every job on its host and resolves soon after the hosts have confirmed it; a host that cannot be asked ends them when it
   * returns. Rejects when that cannot be recorded.
   */
  async cancel(): Promise<void> {
    const { directory, contact, state } = this.#parts;
    // Kept before anything else: whoever goes on with the batch ends what did not hear of it now.
    const order: Order = { kind: 'cancel', jobs: listOpen(state, [STATE_BUSY, STATE_UNKNOWN]), host: null };
    const kept = await this.#manager.order(order).then(...YES_NO);
    const ended = Promise.resolve(this.#processing).then(...YES_NO);
    const confirmed = await Promise.race([this.#manager.cancel(CANCEL_GRACE_MS), ended.then(() => false)]);
    await ended; // what went wrong is told by `start`
    // The batch was letting go of its hosts just then: they are asked once more.
    const jobs = listOpen(state, kept ? [STATE_BUSY] : [STATE_BUSY, STATE_UNKNOWN]);
    if (!confirmed && jobs.length > 0) await giveOrder(directory, { ...order, jobs }, contact);
  }

  #note(event: Recorded): void {
    this.#control.notify();
    this.#view.note(event);
    for (const joblog of this.#joblogs) joblog.observe(event);
  }
}

function listOpen({ jobQueue }: BatchState, states: readonly State[]): readonly string[] {
  return states.flatMap((state) => jobQueue.inState(state)).map(({ id }) => id);
}

/** Whether a promise was kept. */
const YES_NO = [() => true, () => false] as const;
/** So long the news of the jobs' ends are waited for: their hosts end them all the same. */
const CANCEL_GRACE_MS = 1_000;
