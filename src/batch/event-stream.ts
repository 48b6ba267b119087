import type { Socket } from 'node:net';
import { JournalFollower } from '../journal/journal-follower.js';
import { Signal } from '../manager/signal.js';
import { sendLine } from './control-lines.js';

/** What is sent, from where on. */
interface StreamSource {
  readonly journalFile: string;
  readonly from: number;
  /** Of the last event that the state has. */
  readonly lastSeq: () => number;
}

/**
 * Sends one follower the recorded events, read from the journal at the follower's own pace: one that is slow costs no
 * memory, one that stands still is dropped.
 */
export class EventStream {
  readonly #socket: Socket;
  readonly #source: StreamSource;
  readonly #news = new Signal();
  readonly #running: Promise<void>;
  #ending = false;

  constructor(socket: Socket, source: StreamSource) {
    this.#socket = socket;
    this.#source = source;
    socket.once('close', () => this.#news.notify());
    this.#running = this.#run();
    this.#running.catch(() => {}); // told by `done`
  }

  /** There may be new events. */
  wake(): void {
    this.#news.notify();
  }

  /** Settles when the last event was sent, or the follower is gone. Rejects when the journal cannot be read. */
  done(): Promise<void> {
    return this.#running;
  }

  /** Nothing new will come: sends the rest. */
  end(): void {
    this.#ending = true;
    this.#news.notify();
  }

  async #run(): Promise<void> {
    const follower = await JournalFollower.open(this.#source.journalFile);
    try {
      for (;;) {
        const isLast = this.#ending;
        await this.#sendNews(follower);
        if (isLast || this.#socket.destroyed) break;
        await this.#news.wait();
      }
      await sendLine(this.#socket, { end: true });
    } finally {
      await follower.close();
    }
  }

  async #sendNews(follower: JournalFollower): Promise<void> {
    const { from, lastSeq } = this.#source;
    for (;;) {
      const events = await follower.read(lastSeq());
      if (events.length === 0 || this.#socket.destroyed) return;
      const wanted = events.filter(({ seq }) => seq >= from);
      // Silence is no fault of a follower, but not reading what was sent is.
      this.#socket.setTimeout(STALL_MS);
      if (wanted.length > 0) await sendLine(this.#socket, { events: wanted });
      this.#socket.setTimeout(0);
    }
  }
}

const STALL_MS = 30_000;
