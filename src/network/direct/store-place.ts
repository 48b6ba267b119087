import { TransportError } from '../../errors.js';
import type { HostFacts } from '../../events/event.js';
import type { StoreGreeting } from './parse-greeting.js';

/** What is known of a host's store of the batch. */
export interface StoreStart {
  /** Where in its event file to go on. */
  readonly offset: number;
  /** Its id; null while it is not known. */
  readonly id: string | null;
  /** Where its file system was mounted; null while that is not known. */
  readonly mount: string | null;
}

/** Which store a host has of the batch, and how far its event file was read. */
export class StorePlace implements StoreStart {
  offset: number;
  id: string | null;
  mount: string | null;

  constructor({ offset, id, mount }: StoreStart) {
    this.offset = offset;
    this.id = id;
    this.mount = mount;
  }

  /** Takes what the host has now, and answers what `host.ready` tells of it. */
  take(
    { id, from }: StoreGreeting,
    { mount }: HostFacts,
  ): { readonly store: string; readonly storeLost?: true } {
    const isAnother = from < this.offset || (this.id !== null && this.id !== id);
    this.offset = from;
    this.id = id;
    this.mount = mount ?? null;
    return isAnother ? { store: id, storeLost: true } : { store: id };
  }
}

/** Whether a root directory is where it was: false when it lies on a file system further up than before. Such a one lost no store. */
export function isMounted({ mount: before }: StoreStart, now: string | undefined): boolean {
  if (before === null || now === undefined || before === now) return true;
  return !before.startsWith(now === '/' ? now : `${now}/`);
}

/** @throws TransportError E_NOT_MOUNTED */
export function checkMounted(known: StoreStart, { mount }: HostFacts, where: string): void {
  if (isMounted(known, mount)) return;
  throw new TransportError('E_NOT_MOUNTED', {
    what: `${JSON.stringify(known.mount)}, where the records of this batch are, is not mounted there now`,
    where,
  });
}
