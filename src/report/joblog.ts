import { closeSync, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import { bytesOfText } from '../bytes.js';
import type { Recorded } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { BatchState } from '../queue/batch-state.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { cutTornEnd } from './append-whole.js';

/**
 * Writes `joblog.tsv`: GNU parallel's columns, one line for each attempt that ended. A log that cannot be written
 * harms nothing: `onError` hears it once, and the log stays as it is.
 */
export class Joblog {
  readonly #state: BatchState;
  readonly #onError: (error: unknown) => void;
  #file: number | null = null;

  /** Opens the log for appending and gives it its header line when it is empty. */
  constructor(path: string, state: BatchState, onError: (error: unknown) => void) {
    this.#state = state;
    this.#onError = onError;
    this.#guard(() => {
      this.#file = openSync(path, 'a+', 0o600);
      fchmodSync(this.#file, 0o600);
      cutTornEnd(this.#file);
      if (fstatSync(this.#file).size === 0) writeSync(this.#file, `${COLUMNS.join('\t')}\n`);
    });
  }

  /** Give it each event after it was applied to the state. Never throws. */
  observe(event: Recorded): void {
    const file = this.#file;
    const line = file === null ? null : joblogLineOf(event, this.#state);
    if (file !== null && line !== null) this.#guard(() => writeWhole(file, line));
  }

  close(): void {
    const file = this.#file;
    this.#file = null;
    if (file !== null) this.#guard(() => closeSync(file));
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      const file = this.#file;
      this.#file = null;
      if (file !== null) closeSync(file);
      this.#onError(error);
    }
  }
}

/** A disk that is nearly full takes a part without a word; the rest says why. */
function writeWhole(file: number, text: string): void {
  const bytes = bytesOfText(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** One line with its newline. As GNU parallel does, newlines in the command are written as NUL. */
export function formatJoblogLine(job: Job, attempt: AttemptRecord): string {
  const { exit, signal } = exitColumns(attempt);
  const started = attempt.usage?.startedAt ?? attempt.startedAt ?? attempt.launchedAt;
  const columns = [
    job.index + 1,
    attempt.host,
    (started / 1000).toFixed(3),
    ((attempt.usage?.wallMs ?? 0) / 1000).toFixed(3).padStart(10),
    0,
    receivedBytes(attempt),
    exit,
    signal,
    job.spec.commands.join('\n').replaceAll('\n', '\0'),
  ];
  return `${columns.join('\t')}\n`;
}

/** Whether the log has a line for this event. What was taken back before it began is no run. */
export function hasJoblogLine(event: Recorded): event is LineEvent {
  if (event.type !== 'job.requeued') return SETTLES.has(event.type);
  return !('kind' in event.reason) || event.reason.kind !== 'recalled';
}

type LineEvent = Extract<Recorded, { type: 'job.done' | 'job.failed' | 'job.requeued' | 'job.collected' }>;

/** The line of an event that the state has by now; null when it has none. */
export function joblogLineOf(event: Recorded, { jobById }: Pick<BatchState, 'jobById'>): string | null {
  if (!hasJoblogLine(event)) return null;
  const job = jobById.get(event.job);
  const attempt = job?.attempts.find(({ id }) => id === event.attempt);
  return job && attempt ? formatJoblogLine(job, attempt) : null;
}

function receivedBytes({ collected }: AttemptRecord): number {
  if (!collected) return 0;
  return collected.files.reduce(
    (sum, { bytes }) => sum + bytes,
    collected.stdoutBytes + collected.stderrBytes,
  );
}

interface ExitColumns {
  readonly exit: number;
  readonly signal: number;
}

/** A job that succeeded and yet failed, for want of a return, must not read as success: -1. */
function exitColumns({ outcome, fault }: AttemptRecord): ExitColumns {
  const columns = outcome ? outcomeColumns(outcome) : UNCLEAR;
  return fault && columns.exit === 0 && columns.signal === 0 ? UNCLEAR : columns;
}

function outcomeColumns(outcome: Outcome): ExitColumns {
  switch (outcome.kind) {
    case 'succeeded':
      return { exit: 0, signal: 0 };
    case 'failed':
      return { exit: outcome.code, signal: 0 };
    case 'killed':
      return { exit: 0, signal: outcome.signal };
    case 'timed-out':
    case 'cancelled':
      return { exit: -1, signal: SIGTERM };
    case 'recalled':
    case 'lost':
      return UNCLEAR;
  }
}

const COLUMNS = ['Seq', 'Host', 'Starttime', 'JobRuntime', 'Send', 'Receive', 'Exitval', 'Signal', 'Command'];
const SETTLES: ReadonlySet<Recorded['type']> = new Set([
  'job.done',
  'job.failed',
  'job.requeued',
  'job.collected',
]);
const SIGTERM = 15;
const UNCLEAR: ExitColumns = { exit: -1, signal: 0 };
