import type { StoreGreeting } from './parse-greeting.js';

/** Which store a host has of the batch, and how far its event file was read. */
export class StorePlace {
  constructor(
    /** Where in the event file to go on. */
    public offset: number,
    /** Null while it is not known. */
    public id: string | null,
  ) {}

  /** Takes what the host has now, and answers what `host.ready` tells of it. */
  take({ id, from }: StoreGreeting): { readonly store: string; readonly storeLost?: true } {
    const isAnother = from < this.offset || (this.id !== null && this.id !== id);
    this.offset = from;
    this.id = id;
    return isAnother ? { store: id, storeLost: true } : { store: id };
  }
}
