import type { RunJob, WatchedBatch } from '../batch/watched-batch.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { Recorded } from '../events/event.js';
import type { OutputSink } from './output-sink.js';
import { OutputText } from './output-text.js';
import { toPlainLine } from './plain-text.js';

/** How the jobs' output is printed. */
export interface OutputOptions {
  readonly mode: 'grouped' | 'line-buffer' | 'quiet';
  /** In the order of the jobs, not of their ends. */
  readonly keepOrder: boolean;
  readonly tag: boolean;
  /** Which of the two streams are terminals. */
  readonly plain: Readonly<Record<Stream, boolean>>;
  readonly sinks: Readonly<Record<Stream, OutputSink>>;
  /** Called around every piece that is printed, so that the live view can step aside. */
  readonly around: { before(): void; after(): void };
}

export type Stream = 'stdout' | 'stderr';

/** Prints what the jobs wrote, one job after another, from the files of the batch: memory stays flat. */
export class JobOutput {
  readonly #run: WatchedBatch;
  readonly #options: OutputOptions;
  /** Jobs that ended before one that is printed first. */
  readonly #held = new Map<number, Finished | null>();
  readonly #following = new Map<string, Following>();
  /** Jobs with several attempts: only the one that was followed first is, until one of them has decided the job. */
  readonly #copied = new Set<string>();
  /** Jobs whose turn comes one after the other, by index. */
  readonly #order: readonly number[];
  #next = 0;
  #printing: Promise<void> = Promise.resolve();
  #asking = false;
  #polling: NodeJS.Timeout | null = null;

  constructor(run: WatchedBatch, options: OutputOptions) {
    this.#run = run;
    this.#options = options;
    this.#order = options.keepOrder ? run.openJobs() : [];
    if (options.mode !== 'line-buffer') return;
    this.#polling = setInterval(() => this.#poll(), POLL_MS);
    for (const attempt of run.runningAttempts()) this.#follow(attempt);
  }

  observe(event: Recorded): void {
    if (this.#options.mode === 'quiet') return;
    if (event.type === 'job.started' && this.#options.mode === 'line-buffer') this.#follow(event.attempt);
    if (event.type === 'job.requeued' || event.type === 'job.dropped') this.#following.delete(event.attempt);
    if (event.type === 'job.copied' || event.type === 'job.returned') this.#copied.add(event.job);
    const isEnd = event.type === 'job.done' || event.type === 'job.failed';
    if (!isEnd && event.type !== 'job.cancelling') return;
    const job = this.#run.job(event.job);
    if (isEnd && this.#copied.delete(event.job)) this.#leaveOthers(event.job, event.attempt);
    if (job && isEnd) this.#release(job.index, finish(job, event));
    // It never began.
    else if (job?.settled) this.#release(job.index, null);
  }

  /** Resolves when everything that ended is printed. What still waits for an earlier job is printed now. */
  async finish(): Promise<void> {
    if (this.#polling) clearInterval(this.#polling);
    const held = [...this.#held].sort(([a], [b]) => a - b);
    for (const [, finished] of held) this.#print(finished);
    this.#held.clear();
    await this.#printing;
  }

  #release(index: number, finished: Finished | null): void {
    if (!this.#options.keepOrder) {
      this.#print(finished);
      return;
    }
    this.#held.set(index, finished);
    for (let due = this.#takeNext(); due !== undefined; due = this.#takeNext()) this.#print(due);
  }

  /** Undefined while the next one has not ended. */
  #takeNext(): Finished | null | undefined {
    const index = this.#order[this.#next] ?? -1;
    const due = this.#held.get(index);
    if (due !== undefined) this.#next += 1;
    this.#held.delete(index);
    return due;
  }

  #print(finished: Finished | null): void {
    if (finished === null) return;
    const { job, attempt, bytes } = finished;
    this.#enqueue(async () => {
      const followed = this.#following.get(attempt) ?? this.#begin(job);
      this.#following.delete(attempt);
      for (const stream of STREAMS) {
        if (bytes[stream] > followed.offsets[stream]) await this.#printFile(attempt, stream, followed);
        else await this.#options.sinks[stream].write(followed.texts[stream].end());
      }
    });
  }

  async #printFile(attempt: string, stream: Stream, { texts, offsets }: Following): Promise<void> {
    const sink = this.#options.sinks[stream];
    let shown = false;
    try {
      for await (const chunk of this.#run.readOutput(attempt, stream, offsets[stream])) {
        if (sink.closed) break;
        if (!shown) this.#options.around.before();
        shown = true;
        await sink.write(texts[stream].push(chunk));
      }
      await sink.write(texts[stream].end());
    } finally {
      if (shown) this.#options.around.after();
    }
  }

  #follow(attempt: string): void {
    const { job: id } = parseAttemptId(attempt);
    const job = this.#run.job(id);
    // In order: only the job whose turn it is may be followed.
    if (job && !this.#options.keepOrder && !this.#copied.has(id))
      this.#following.set(attempt, this.#begin(job));
  }

  /** Nobody waits for what the job's other attempts write. */
  #leaveOthers(job: string, decidedBy: string): void {
    for (const attempt of this.#following.keys())
      if (attempt !== decidedBy && parseAttemptId(attempt).job === job) this.#following.delete(attempt);
  }

  /** A slow answer delays the next question; questions never pile up. */
  #poll(): void {
    if (this.#asking) return;
    this.#asking = true;
    this.#enqueue(async () => {
      const due = [...this.#following].slice(0, MOST_FOLLOWED);
      await Promise.all(due.map(([attempt, followed]) => this.#printNews(attempt, followed)));
      this.#asking = false;
    });
  }

  /** Whole lines only; the rest comes with the next ones. */
  async #printNews(attempt: string, { texts, offsets }: Following): Promise<void> {
    for (const stream of STREAMS) {
      const range = { from: offsets[stream], maxBytes: PIECE_BYTES };
      const news = await this.#run.readRunning(attempt, stream, range).catch(() => Buffer.alloc(0));
      const lines = news.subarray(0, news.lastIndexOf(NEWLINE) + 1);
      if (lines.length === 0) continue;
      offsets[stream] += lines.length;
      this.#options.around.before();
      await this.#options.sinks[stream].write(texts[stream].push(lines));
      this.#options.around.after();
    }
  }

  #begin(job: RunJob): Following {
    const tag = this.#options.tag ? `${toPlainLine(job.args.join(' ') || job.name)}\t` : '';
    const text = (stream: Stream) => new OutputText({ tag, plain: this.#options.plain[stream] });
    return {
      texts: { stdout: text('stdout'), stderr: text('stderr') },
      offsets: { stdout: 0, stderr: 0 },
    };
  }

  /** One thing is printed at a time; a file that cannot be read loses its output here, never the batch. */
  #enqueue(print: () => Promise<void>): void {
    this.#printing = this.#printing.then(print).catch((error: unknown) => {
      const what = error instanceof Error ? error.message : String(error);
      return this.#options.sinks.stderr.write(`gpool: an output could not be shown: ${toPlainLine(what)}\n`);
    });
  }
}

interface Finished {
  readonly job: RunJob;
  readonly attempt: string;
  /** How much it wrote, as far as that was fetched. */
  readonly bytes: Readonly<Record<Stream, number>>;
}

function finish(
  job: RunJob,
  { attempt, collected }: Extract<Recorded, { type: 'job.done' | 'job.failed' }>,
): Finished {
  const { stdoutBytes: stdout = 0, stderrBytes: stderr = 0 } = collected ?? {};
  return { job, attempt, bytes: { stdout, stderr } };
}

interface Following {
  readonly texts: Readonly<Record<Stream, OutputText>>;
  readonly offsets: Record<Stream, number>;
}

const STREAMS: readonly Stream[] = ['stdout', 'stderr'];
const NEWLINE = 0x0a;
const POLL_MS = 500;
/** So many jobs are followed at a time; the others' output comes when they end. */
const MOST_FOLLOWED = 64;
const PIECE_BYTES = 1024 * 1024;
