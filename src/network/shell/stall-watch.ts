import { TransportError } from '../../errors.js';
import { Fuse } from './fuse.js';

/** Fails a copy when nothing has moved for a while, however long the whole takes. */
export class StallWatch {
  readonly #fuse = new Fuse();
  readonly #timer: NodeJS.Timeout;

  constructor(
    readonly ms: number,
    readonly where: string,
  ) {
    this.#timer = setTimeout(() => this.#fuse.blow(this.#error()), ms);
  }

  get stalled(): boolean {
    return this.#fuse.error !== undefined;
  }

  progress(): void {
    this.#timer.refresh();
  }

  guard<T>(work: Promise<T>): Promise<T> {
    return this.#fuse.guard(work);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #error(): TransportError {
    return new TransportError('E_DEADLINE', {
      what: `no byte moved for ${this.ms / 1000} s`,
      where: this.where,
      operation: 'copy a file',
      next: 'The link or the disk is stuck; if only large copies stop, look at the MTU of the path.',
    });
  }
}
