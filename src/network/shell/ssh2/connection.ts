import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { TransportError } from '../../../errors.js';
import { Fuse } from '../fuse.js';
import { lostError } from './connect-error.js';
import type { GreetingTap } from './greeting-tap.js';

export interface ConnectionParts {
  readonly client: Client;
  readonly stream: Duplex;
  readonly tap: GreetingTap;
  readonly where: string;
  /** No byte from the server for this long and the link is dead. */
  readonly silenceMs: number;
  /** Called once when it is over. */
  readonly release: () => void;
}

/** A logged-in connection. Whatever waits on it fails as soon as the link is known to be gone. */
export class Connection {
  readonly client: Client;
  readonly where: string;
  readonly #fuse = new Fuse();
  readonly #listeners = new Set<(error: TransportError | undefined) => void>();
  #silence: NodeJS.Timeout | undefined;

  constructor(readonly parts: ConnectionParts) {
    const { client, where } = parts;
    this.client = client;
    this.where = where;
    const lose = (what: string, cause?: unknown) => this.#end(lostError(what, where, cause), true);
    client.on('error', (error) => lose(`the connection broke: ${error.message}`, error));
    client.on('end', () => lose('the server closed the connection'));
    client.on('close', () => lose('the connection was closed'));
    this.#listen(lose);
  }

  /** Why it is gone, or undefined while it is there. */
  get error(): Error | undefined {
    return this.#fuse.error;
  }

  /** Waits for `work`, or fails when the link goes. */
  guard<T>(work: Promise<T>): Promise<T> {
    return this.#fuse.guard(work);
  }

  /** Called once when it is gone, with the reason unless we let go ourselves. */
  onClose(listener: (error: TransportError | undefined) => void): void {
    this.#listeners.add(listener);
  }

  /** Lets go at once. Not a polite `end`: on a dead link that would wait for ever. */
  destroy(): void {
    this.#end(lostError('the connection was closed from this side', this.where), false);
  }

  #end(error: TransportError, lost: boolean): void {
    if (this.#fuse.error) return;
    clearTimeout(this.#silence);
    this.#fuse.blow(error);
    this.parts.client.destroy();
    this.parts.stream.destroy();
    this.parts.release();
    for (const listener of this.#listeners) listener(lost ? error : undefined);
  }

  /** Any byte is a sign of life: an answer to a keepalive may queue behind a big transfer. */
  #listen(lose: (what: string) => void): void {
    const { tap, silenceMs } = this.parts;
    const leftMs = () => silenceMs - (performance.now() - tap.lastByteAt);
    // After a busy spell bytes may wait to be read: setImmediate comes after the reading.
    const arm = () => {
      this.#silence = setTimeout(() => setImmediate(check), leftMs());
    };
    const check = () => {
      if (this.#fuse.error) return;
      if (leftMs() > 0) arm();
      else lose(`no sign of life for ${silenceMs / 1000} s`);
    };
    arm();
  }
}
