import type { Recorded } from '../events/event.js';
import type { BatchSummary } from '../manager/summary.js';
import type { OutputRange } from '../network/network.js';
import type { BatchReport } from '../report/batch-report.js';
import type { BatchProgress } from './batch-progress.js';

/** A batch before a person's eyes, whether it runs in this process or in another one. */
export interface WatchedBatch {
  readonly directory: string;
  /** Resolves when it is over, as far as it is watched. */
  start(): Promise<BatchEnd>;
  subscribe(listener: (event: Recorded) => void): () => void;
  progress(): BatchProgress;
  job(id: string): RunJob | undefined;
  /** The indexes of the jobs that have not been settled, in order. */
  openJobs(): readonly number[];
  /** Attempts that run now. */
  runningAttempts(): readonly string[];
  /** What an ended attempt wrote, from byte `from` on. */
  readOutput(attempt: string, stream: 'stdout' | 'stderr', from: number): AsyncIterable<Buffer>;
  /** What a running attempt has written so far. */
  readRunning(attempt: string, stream: 'stdout' | 'stderr', range: OutputRange): Promise<Buffer>;
}

/** What is shown of a job beside its output. */
export interface RunJob {
  readonly index: number;
  /** Which has it now; null when none does. */
  readonly host: string | null;
  readonly name: string;
  readonly args: readonly string[];
  /** Whether it is done or gave up. */
  readonly settled: boolean;
}

/** How a batch went. */
export interface BatchEnd {
  readonly summary: BatchSummary;
  readonly report: BatchReport;
}
