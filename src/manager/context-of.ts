import type { BatchContext } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';

/** What a Network must know of a batch that stands so. */
export function contextOf({ hosts, offsets, stores }: BatchState, batch: string, key?: string): BatchContext {
  // No prototype: a host may have any name.
  const mounts: Record<string, string> = Object.create(null);
  for (const { name, facts } of hosts) if (facts?.mount !== undefined) mounts[name] = facts.mount;
  return { batch, offsets, stores, mounts, ...(key !== undefined && { key }) };
}
