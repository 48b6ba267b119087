import type { ScriptProcess } from '../script-process.js';
import { type Held, startProcess } from './channel-process.js';
import type { Connection } from './connection.js';
import { Lane } from './lane.js';
import type { SftpSession } from './sftp-session.js';
import { startSftp } from './sftp-session.js';

/** Shares the sessions of a connection: five that come and go, two that stay, two for files. sshd allows ten by default. */
export class SessionChannels {
  readonly #extra = new Set<Connection>();
  readonly #passing: Lane;
  readonly #files: Lane;
  readonly #streams: Lane;
  #staying = 0;

  constructor(
    readonly shared: Connection,
    readonly connectMore: () => Promise<Connection>,
  ) {
    this.#passing = new Lane(shared, this.#another, MAX_PASSING);
    this.#files = new Lane(shared, this.#another, 1);
    this.#streams = new Lane(shared, this.#another, 1);
  }

  /** For a command that ends by itself. */
  readonly pass = (): Promise<ScriptProcess> => this.#passing.open(startProcess);

  /** For a command that a large file goes through: one after the other, so that they do not keep others waiting. */
  readonly stream = (): Promise<ScriptProcess> => this.#streams.open(startProcess);

  /** For a command that stays. Beyond two, each gets a connection of its own. */
  readonly stay = async (): Promise<ScriptProcess> => {
    const lane = new Lane(this.shared, this.#another, 1);
    const crowded = ++this.#staying > MAX_STAYING;
    const over = () => {
      this.#staying--;
      lane.release();
    };
    try {
      if (crowded) await lane.moveAway();
      return await lane.open(async (connection) => watch(await startProcess(connection), over));
    } catch (error) {
      over();
      throw error;
    }
  };

  readonly sftp = (): Promise<SftpSession> => this.#files.open(startSftp);

  /** Lets go of all connections at once. */
  destroy(): void {
    for (const connection of [...this.#extra, this.shared]) connection.destroy();
  }

  readonly #another = async (): Promise<Connection> => {
    const connection = await this.connectMore();
    this.#extra.add(connection);
    connection.onClose(() => this.#extra.delete(connection));
    if (this.shared.error) connection.destroy();
    return connection;
  };
}

function watch<T>(held: Held<T>, over: () => void): Held<T> {
  void held.closed.then(over);
  return held;
}

/** Measured: with six at a time sshd, which gives sessions back late, begins to refuse at MaxSessions 10. */
const MAX_PASSING = 5;
const MAX_STAYING = 2;
