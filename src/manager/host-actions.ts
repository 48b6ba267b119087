import type { Recorded } from '../events/event.js';
import type { Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { keepingHosts } from '../queue/left-behind.js';
import { listOpenOn } from './list-open-on.js';

/** Does what follows from hosts that come and go. What a host does not do when asked is its own loss: it is let go of. */
export class HostActions {
  readonly #batch: string;
  readonly #state: BatchState;
  readonly #network: Network;

  constructor(batch: string, state: BatchState, network: Network) {
    this.#batch = batch;
    this.#state = state;
    this.#network = network;
  }

  /** To be told of events that the state has by now. */
  act(event: Recorded): void {
    if (event.type === 'host.added') void this.#network.addHost(event.description).catch(() => {});
    else if (event.type === 'host.drained') void this.#letGo(event.host);
    else if (event.type === 'host.removed') void this.#remove(event.host);
  }

  async #remove(host: string): Promise<void> {
    // Listed before what they had is given up, which is recorded next.
    const open = listOpenOn(this.#batch, this.#state, host);
    await Promise.allSettled(open.map((attempt) => this.#network.killJob(attempt)));
    await this.#letGo(host);
  }

  async #letGo(host: string): Promise<void> {
    const cleanup = !keepingHosts(this.#state).has(host);
    await this.#network.removeHost(host, { cleanup }).catch(() => {});
  }
}
