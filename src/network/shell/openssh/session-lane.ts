import { setTimeout as pause } from 'node:timers/promises';
import PQueue from 'p-queue';
import { TransportError } from '../../../errors.js';
import type { Master } from './master.js';

/**
 * Bounds the sessions that come and go. A server that refuses one ran nothing, so it is asked again, with fewer at once;
 * when even one is too many, because what stays open takes all that the connection may have, the lane gets a connection of its own.
 */
export class SessionLane {
  readonly #queue = new PQueue({ concurrency: MAX_PASSING });
  #own: Promise<Master> | undefined;

  constructor(
    readonly shared: Master,
    readonly connectMore: () => Promise<Master>,
  ) {}

  use<T>(work: (master: Master) => Promise<T>): Promise<T> {
    return this.#queue.add(() => this.#insist(work));
  }

  async #insist<T>(work: (master: Master) => Promise<T>): Promise<T> {
    for (let refusals = 1; ; refusals++) {
      try {
        return await work((await this.#own) ?? this.shared);
      } catch (error) {
        const refused = error instanceof TransportError && error.code === 'E_CHANNEL';
        if (!refused || refusals > MAX_REFUSALS) throw error;
        this.#queue.concurrency = Math.max(1, this.#queue.concurrency - 1);
        if (refusals === 3) this.#own ??= this.connectMore();
        else await pause(Math.min(250, 10 * 2 ** refusals) * (0.5 + Math.random()));
      }
    }
  }
}

const MAX_PASSING = 5;
const MAX_REFUSALS = 10;
