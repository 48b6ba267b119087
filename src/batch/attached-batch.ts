import { systemClock } from '../clock.js';
import { EventBus } from '../events/bus.js';
import type { Recorded } from '../events/event.js';
import { type SummaryKind, summarizeBatch } from '../manager/summary.js';
import type { OutputRange } from '../network/network.js';
import { applyEvent } from '../queue/apply-event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { BatchProgress } from './batch-progress.js';
import { BatchView } from './batch-view.js';
import { askManager, type EventFeed, followEvents } from './control-client.js';
import type { LoadedBatch } from './load-batch.js';
import type { BatchEnd, RunJob, WatchedBatch } from './watched-batch.js';

/**
 * A batch that another process runs, seen from here: the same events applied to a state of our own. What is watched is not
 * touched.
 */
export class AttachedBatch implements WatchedBatch {
  readonly directory: string;
  readonly #loaded: LoadedBatch;
  readonly #view: BatchView;
  readonly #feed: EventFeed;
  readonly #bus = new EventBus<Recorded>(() => {});
  #left = false;

  private constructor(loaded: LoadedBatch, feed: EventFeed) {
    this.directory = loaded.directory.path;
    this.#loaded = loaded;
    this.#feed = feed;
    const { directory, file, state } = loaded;
    this.#view = new BatchView(
      { name: file.name, directory, state },
      state.startedAt === null ? 0 : Math.max(0, systemClock.now() - state.startedAt),
    );
  }

  /** Null when nobody runs the batch now. */
  static async attach(loaded: LoadedBatch): Promise<AttachedBatch | null> {
    const feed = await followEvents(loaded.directory, loaded.state.seq + 1);
    return feed && new AttachedBatch(loaded, feed);
  }

  /** Whether it was left before its controller let go of it. */
  get left(): boolean {
    return this.#left;
  }

  /** Rejects with a StateError (E_CONTROL) when the controller vanished. */
  async start(): Promise<BatchEnd> {
    const { state } = this.#loaded;
    try {
      for await (const events of this.#feed.events) for (const event of events) this.#take(event);
    } catch (error) {
      if (!this.#left) throw error;
    }
    const kind = endOf(state);
    const times = { startedAt: state.startedAt ?? 0, endedAt: Date.parse(state.lastAt) };
    const summary = summarizeBatch(state, { kind, reason: state.stopping }, times);
    return { summary, report: await this.#view.report() };
  }

  /** Looks away: the batch goes on. `start` resolves. */
  leave(): void {
    this.#left = true;
    this.#feed.close();
  }

  subscribe(listener: (event: Recorded) => void): () => void {
    return this.#bus.subscribe(listener);
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

  /** From the controller, which has a connection to the host. */
  async readRunning(
    attempt: string,
    stream: 'stdout' | 'stderr',
    { from = 0 }: OutputRange,
  ): Promise<Buffer> {
    const text = await askManager(this.#loaded.directory, { ask: 'output', attempt, stream, from });
    return Buffer.from(text ?? '', 'base64');
  }

  #take(event: Recorded): void {
    applyEvent(this.#loaded.state, event);
    this.#view.note(event);
    this.#bus.emit(event);
  }
}

/** How the controller left the batch, as far as its journal tells. */
function endOf({ ended, stopping, stopMode }: BatchState): SummaryKind {
  if (ended) return 'complete';
  if (stopping === 'no-host') return 'no-host';
  return stopMode === 'drain' || stopMode === 'kill' ? 'halted' : 'stopped';
}
