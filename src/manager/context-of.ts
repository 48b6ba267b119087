import type { BatchContext } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';

/** What a Network must know of a batch that stands so. */
export function contextOf({ offsets, stores }: BatchState, batch: string, key?: string): BatchContext {
  return { batch, offsets, stores, ...(key !== undefined && { key }) };
}
