import { Writable } from 'node:stream';
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
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import { Joblog } from '../report/joblog.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { BatchOptions } from './batch-options.js';
import type { BatchProgress } from './batch-progress.js';
import { describeBatch } from './batch-status.js';
import { BatchView } from './batch-view.js';
import { closeFirst } from './close-first.js';
import { createDesk } from './control-desk.js';
import { ControlServer } from './control-server.js';
import type { Contact } from './create-network.js';
import { giveOrder } from './give-order.js';
import type { BatchEnd, RunJob, WatchedBatch } from './watched-batch.js';

/** The parts of a batch, put together. */
export interface BatchParts {
  readonly id: string;
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
    const { id, name, store, state, directory, options, onLogError } = parts;
    this.directory = directory.path;
    this.#parts = parts;
    this.#view = new BatchView(parts);
    this.#manager = new LoggingManager({
      ...options,
      // As GNU parallel counts: the first try is one of them.
      retries: (options.retries ?? 1) - 1,
      log: new Writable({ write: (_chunk, _encoding, done) => done() }),
      jsonLog: directory.logFile,
      detach: parts.detach ?? false,
      batchId: id,
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

  /** Launches nothing more; what runs goes on. */
  stop(reason: string): void {
    this.#manager.stop(reason);
  }

  /**
   * Ends every job on its host and resolves when the batch is over. A batch that was letting go of its hosts just then has
   * them asked once more. Rejects when that cannot be tried.
   */
  async cancel(): Promise<void> {
    const { directory, contact, state } = this.#parts;
    await this.#manager.cancel();
    await this.#processing?.catch(() => {}); // told by `start`
    const open = [...state.jobQueue.inState(STATE_BUSY), ...state.jobQueue.inState(STATE_UNKNOWN)];
    const jobs = open.map(({ id }) => id);
    if (jobs.length > 0) await giveOrder(directory, { kind: 'cancel', jobs, host: null }, contact);
  }

  #note(event: Recorded): void {
    this.#control.notify();
    this.#view.note(event);
    for (const joblog of this.#joblogs) joblog.observe(event);
  }
}
