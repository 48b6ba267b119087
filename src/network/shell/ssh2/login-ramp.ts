import PQueue from 'p-queue';

/**
 * Bounds connections that have not logged in yet, in the whole process: a server drops them beyond its MaxStartups (10 by
 * default, shared with everyone else), and our own machine has better uses for its cores than 300 key exchanges at once.
 */
export class LoginRamp {
  readonly #all: PQueue;
  readonly #servers = new Map<string, PQueue>();

  constructor(
    readonly perServer = 4,
    total = 32,
  ) {
    this.#all = new PQueue({ concurrency: total });
  }

  /** Runs a login when its turn has come. `server` is `host:port`. */
  async run<T>(server: string, login: () => Promise<T>): Promise<T> {
    const queue = this.#servers.get(server) ?? new PQueue({ concurrency: this.perServer });
    this.#servers.set(server, queue);
    try {
      return await queue.add(() => this.#all.add(login));
    } finally {
      if (queue.size === 0 && queue.pending === 0) this.#servers.delete(server);
    }
  }
}

/** The one ramp of this process. */
export const loginRamp = new LoginRamp();
