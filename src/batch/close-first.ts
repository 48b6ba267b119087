import type { BatchStore } from '../journal/batch-store.js';

/** The same store; closing it runs `task` first, while the batch is still held. */
export function closeFirst(store: BatchStore, task: () => Promise<void>): BatchStore {
  return {
    directory: store.directory,
    record: (events) => store.record(events),
    attemptDirectory: (job, n) => store.attemptDirectory(job, n),
    close: async () => {
      await task().catch(() => {}); // What is asked of a batch never stands in its way.
      await store.close();
    },
  };
}
