import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What one attempt went through, as the journal's own lines tell it. */
export interface AttemptHistory {
  readonly id: string;
  readonly job: string;
  readonly n: number;
  readonly host: string;
  /** Kinds of `job.ended` outcomes, in their order. */
  readonly ends: string[];
  /** How it was settled: `done`, `failed`, `requeued`, `dropped`; one word for each time. */
  readonly settled: string[];
  /** Launched beside another attempt that was still running. */
  readonly isCopy: boolean;
  /** Milliseconds since 1970, as `settledAt`. */
  readonly launchedAt: number;
  /** Why it was settled so, for people, and when. */
  reason: string;
  settledAt: number;
}

export interface History {
  readonly batch: string;
  readonly jobs: number;
  readonly attempts: ReadonlyMap<string, AttemptHistory>;
  /** Hosts that were called lost, once for each time. */
  readonly hostsLost: readonly string[];
  /** The stamps of all events, milliseconds since 1970. */
  readonly times: readonly number[];
  /** What cannot be in a journal. */
  readonly faults: readonly string[];
}

interface Line {
  readonly seq?: number;
  readonly type?: string;
  readonly at?: string;
  readonly batch?: string;
  readonly jobs?: number;
  readonly job?: string;
  readonly attempt?: string;
  readonly host?: string;
  readonly outcome?: { readonly kind: string };
  readonly reason?: unknown;
  readonly fault?: unknown;
}

/**
 * Reads a journal as plain lines of JSON, by none of gpool's own code: a fault in its reader must not hide one in its
 * writer. A torn last line is passed over.
 */
export async function readHistory(batchDirectory: string): Promise<History> {
  const text = await readFile(join(batchDirectory, 'journal.jsonl'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  const history = new HistoryReading();
  for (const [at, line] of lines.entries()) history.take(line, at);
  return history;
}

/** Attempts at jobs of which an earlier one may have run, with why that was given up: it was not taken back from a host that had not begun it. */
export function restarts({ attempts }: History): string[] {
  return [...attempts.values()].flatMap(({ id, job, n }) => {
    const before = attempts.get(`${job}.${n - 1}`);
    return before === undefined || before.ends.includes('recalled') ? [] : [`${id} after ${before.reason}`];
  });
}

class HistoryReading implements History {
  batch = '';
  jobs = 0;
  readonly attempts = new Map<string, AttemptHistory>();
  readonly hostsLost: string[] = [];
  readonly times: number[] = [];
  readonly faults: string[] = [];
  #seq = 0;

  take(text: string, at: number): void {
    const line = parse(text);
    if (line === null) this.faults.push(`line ${at + 1} is not JSON`);
    else if (line.seq !== undefined) this.#takeEvent(line, line.seq);
  }

  #takeEvent(line: Line, seq: number): void {
    if (seq !== this.#seq + 1) this.faults.push(`event ${seq} follows event ${this.#seq}`);
    this.#seq = seq;
    this.times.push(Date.parse(line.at ?? ''));
    if (line.type === 'batch.started') {
      this.batch = line.batch ?? '';
      this.jobs = line.jobs ?? 0;
    } else if (line.type === 'host.lost') this.hostsLost.push(line.host ?? '');
    else if (line.type === 'job.launched' || line.type === 'job.copied') this.#launch(line);
    else this.#note(line);
  }

  #launch({ type, at = '', job = '', attempt = '', host = '' }: Line): void {
    const isCopy = type === 'job.copied';
    if (this.attempts.has(attempt)) this.faults.push(`attempt ${attempt} was launched twice`);
    const n = Number(attempt.split('.')[1]);
    const before = this.attempts.get(`${job}.${n - 1}`);
    if (n > 1 && !isCopy && (before === undefined || before.settled.length === 0))
      this.faults.push(`attempt ${attempt} was launched before the one before it was settled`);
    this.attempts.set(attempt, {
      id: attempt,
      job,
      n,
      host,
      ends: [],
      settled: [],
      isCopy,
      launchedAt: Date.parse(at),
      reason: '',
      settledAt: 0,
    });
  }

  #note(line: Line): void {
    const word = SETTLED[line.type ?? ''];
    const attempt = this.attempts.get(line.attempt ?? '');
    if (word === undefined && line.type !== 'job.ended') return;
    if (!attempt) {
      this.faults.push(`${line.type} of ${line.attempt}, which was never launched`);
    } else if (word === undefined) {
      attempt.ends.push(line.outcome?.kind ?? '');
    } else {
      attempt.settled.push(word);
      attempt.settledAt = Date.parse(line.at ?? '');
      attempt.reason = JSON.stringify(line.reason ?? line.fault ?? line.outcome ?? '');
    }
  }
}

function parse(text: string): Line | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const SETTLED: Readonly<Record<string, string>> = {
  'job.done': 'done',
  'job.failed': 'failed',
  'job.requeued': 'requeued',
  'job.dropped': 'dropped',
};
