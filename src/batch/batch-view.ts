import { systemClock } from '../clock.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR } from '../queue/states.js';
import { type BatchReport, summarize } from '../report/batch-report.js';
import { nameCause } from '../report/failure-group.js';
import { type BatchProgress, measureProgress } from './batch-progress.js';
import { readHints, readOutputFile } from './output-file.js';
import type { RunJob } from './watched-batch.js';

interface ViewedBatch {
  readonly name: string;
  readonly directory: BatchDirectory;
  readonly state: BatchState;
}

/** What can be shown of a batch from its state and its directory. */
export class BatchView {
  readonly #batch: ViewedBatch;
  readonly #startedAt: number;
  #lastFailure: string | null = null;

  /** `elapsedMs` is how long it has run before. */
  constructor(batch: ViewedBatch, elapsedMs = 0) {
    this.#batch = batch;
    this.#startedAt = systemClock.elapsed() - elapsedMs;
  }

  /** Takes an event that the state has by now. */
  note(event: Recorded): void {
    if (event.type === 'job.failed') {
      const job = this.#batch.state.jobById.get(event.job);
      const host = job?.host ?? '';
      this.#lastFailure = `${job?.spec.name ?? event.job} on ${host}: ${nameCause(event)}`;
    }
    if (event.type === 'host.failed')
      this.#lastFailure = `${event.host}: ${event.fault.what} (${event.fault.code})`;
  }

  progress(): BatchProgress {
    const { name, state } = this.#batch;
    const elapsedMs = systemClock.elapsed() - this.#startedAt;
    return measureProgress(state, { name, lastFailure: this.#lastFailure, elapsedMs });
  }

  job(id: string): RunJob | undefined {
    const job = this.#batch.state.jobById.get(id);
    if (!job) return undefined;
    const { index, host, spec } = job;
    return { index, host, name: spec.name, args: spec.args, settled: isSettled(job) };
  }

  /** The indexes of the jobs that have not been settled, in order. */
  openJobs(): readonly number[] {
    const { jobs } = this.#batch.state;
    return jobs.filter((job) => !isSettled(job)).map(({ index }) => index);
  }

  /** Attempts that run now on hosts that can be asked. */
  runningAttempts(): readonly string[] {
    const attempts = this.#batch.state.jobQueue.inState(STATE_BUSY).flatMap((job) => job.attempts);
    return attempts
      .filter(({ startedAt, outcome }) => startedAt !== null && outcome === null)
      .map(({ id }) => id);
  }

  readOutput(attempt: string, stream: 'stdout' | 'stderr', from: number): AsyncIterable<Buffer> {
    const { job, n } = parseAttemptId(attempt);
    return readOutputFile(this.#batch.directory.attemptDirectory(job, n), stream, from);
  }

  /** With the last words of jobs that failed. */
  async report(): Promise<BatchReport> {
    const { state, directory } = this.#batch;
    return summarize(state, {
      hints: await readHints(state, (job, n) => directory.attemptDirectory(job, n)),
    });
  }
}

function isSettled({ state }: Job): boolean {
  return state === STATE_DONE || state === STATE_ERROR;
}
