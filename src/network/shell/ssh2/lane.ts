import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { ChannelRefused, type Held } from './channel-process.js';
import type { Connection } from './connection.js';

/**
 * Opens channels of one kind, at most so many at a time. A server that refuses a session teaches the lane a lower number; when even
 * one is too many, because what stays open holds every session of the connection, the lane moves to a connection of its own.
 */
export class Lane {
  readonly #queue: PQueue;
  #connection: Connection;
  #own: Promise<Connection> | undefined;
  #open = 0;
  /** How many channels were opened so far: while it grows, waiting is worth it. */
  #granted = 0;

  constructor(
    readonly shared: Connection,
    readonly connectMore: () => Promise<Connection>,
    concurrency: number,
  ) {
    this.#connection = shared;
    this.#queue = new PQueue({ concurrency });
  }

  /** Waits for a place, opens, and keeps the place until what was opened is closed. */
  open<T>(start: (connection: Connection) => Promise<Held<T>>): Promise<T> {
    return new Promise((resolve, reject) => {
      const hold = async () => {
        const held = await this.#insist(start);
        resolve(held.value);
        await held.closed;
        this.#open--;
      };
      this.#queue.add(hold).catch(reject);
    });
  }

  /** Takes a connection of its own, instead of the shared one. */
  async moveAway(): Promise<void> {
    const own = this.#own ?? this.connectMore();
    this.#own = own;
    try {
      this.#connection = await own;
    } catch (error) {
      this.#own = undefined;
      throw error;
    }
  }

  /** Lets go of its own connection, when it took one. */
  release(): void {
    this.#own?.then(
      (connection) => connection.destroy(),
      () => {},
    );
  }

  /** Back to the shared connection when its own one was lost. */
  #current(): Connection {
    if (this.#connection.error && this.#connection !== this.shared) {
      this.#own = undefined;
      this.#connection = this.shared;
    }
    return this.#connection;
  }

  /** Each refusal is followed by a wait: a server gives a session back a little later than we see its channel close. */
  async #insist<T>(start: (connection: Connection) => Promise<Held<T>>): Promise<Held<T>> {
    let granted = this.#granted;
    for (let refusals = 1; ; refusals++) {
      try {
        const held = await start(this.#current());
        this.#open++;
        this.#granted++;
        return held;
      } catch (error) {
        if (!(error instanceof ChannelRefused)) throw error;
        if (this.#granted !== granted || this.#open > 0) refusals = 1;
        granted = this.#granted;
        this.#queue.concurrency = Math.max(1, this.#queue.concurrency - 1);
        if (refusals > 10 && this.#own) throw error;
        if (refusals >= 3 && !this.#own) await this.moveAway();
        else await sleep(Math.min(250, 10 * 2 ** refusals) * (0.5 + Math.random()));
      }
    }
  }
}
