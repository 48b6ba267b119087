import { Writable } from 'node:stream';
import { systemClock } from '../clock.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import type { BatchStore } from '../journal/batch-store.js';
import { createAttempt } from '../manager/attempt.js';
import { LoggingManager } from '../manager/logging-manager.js';
import type { BatchSummary } from '../manager/summary.js';
import type { Network, OutputRange } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import { type BatchReport, summarize } from '../report/batch-report.js';
import { nameCause } from '../report/failure-group.js';
import { Joblog } from '../report/joblog.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { BatchOptions } from './batch-options.js';
import { type BatchProgress, measureProgress } from './batch-progress.js';
import { describeBatch } from './batch-status.js';
import { closeFirst } from './close-first.js';
import { createDesk } from './control-desk.js';
import { ControlServer } from './control-server.js';
import type { Contact } from './create-network.js';
import { giveOrder } from './give-order.js';
import { readHints, readOutputFile } from './output-file.js';

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
  readonly joblogs: readonly string[];
  readonly onLogError: (error: unknown) => void;
}

/** What is shown of a job beside its output. */
export interface RunJob {
  readonly index: number;
  readonly name: string;
  readonly args: readonly string[];
}

/** How a batch went. */
export interface BatchEnd {
  readonly summary: BatchSummary;
  readonly report: BatchReport;
}

/** A batch that runs in this process. */
export class BatchRun {
  readonly directory: string;
  readonly #parts: BatchParts;
  readonly #manager: LoggingManager;
  readonly #joblogs: readonly Joblog[];
  readonly #control: ControlServer;
  readonly #startedAt = systemClock.elapsed();
  #lastFailure: string | null = null;
  #processing: Promise<BatchSummary> | null = null;

  constructor(parts: BatchParts) {
    const { id, name, store, state, directory, options, onLogError } = parts;
    this.directory = directory.path;
    this.#parts = parts;
    this.#manager = new LoggingManager({
      ...options,
      // As GNU parallel counts: the first try is one of them.
      retries: (options.retries ?? 1) - 1,
      log: new Writable({ write: (_chunk, _encoding, done) => done() }),
      jsonLog: directory.logFile,
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
      await this.#control.open().catch(this.#parts.onLogError);
      this.#processing = this.#manager.processJobs();
      const summary = await this.#processing;
      const hints = await readHints(this.#parts.state, (job, n) =>
        this.#parts.directory.attemptDirectory(job, n),
      );
      return { summary, report: summarize(this.#parts.state, { hints }) };
    } finally {
      for (const joblog of this.#joblogs) joblog.close();
    }
  }

  subscribe(listener: (event: Recorded) => void): () => void {
    return this.#manager.subscribe(listener);
  }

  progress(): BatchProgress {
    const elapsedMs = systemClock.elapsed() - this.#startedAt;
    return measureProgress(this.#parts.state, {
      name: this.#parts.name,
      lastFailure: this.#lastFailure,
      elapsedMs,
    });
  }

  job(id: string): RunJob | undefined {
    const job = this.#parts.state.jobById.get(id);
    return job && { index: job.index, name: job.spec.name, args: job.spec.args };
  }

  /** What an ended attempt wrote, from byte `from` on. */
  readOutput(attempt: string, stream: 'stdout' | 'stderr', from: number): AsyncIterable<Buffer> {
    const { job, n } = parseAttemptId(attempt);
    return readOutputFile(this.#parts.directory.attemptDirectory(job, n), stream, from);
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
    for (const joblog of this.#joblogs) joblog.observe(event);
    if (event.type === 'job.failed') {
      const job = this.#parts.state.jobById.get(event.job);
      const { host = '' } = job?.attempts.at(-1) ?? {};
      this.#lastFailure = `${job?.spec.name ?? event.job} on ${host}: ${nameCause(event)}`;
    }
    if (event.type === 'host.failed')
      this.#lastFailure = `${event.host}: ${event.fault.what} (${event.fault.code})`;
  }
}
