import type { BatchDirectory } from '../journal/batch-directory.js';
import { type BatchStatus, describeBatch } from './batch-status.js';
import { askManager } from './control-client.js';
import { loadBatch } from './load-batch.js';

/** How a batch stands: from its controller, or from its journal when there is none or it does not answer. Throws a StateError. */
export async function readStatus(directory: BatchDirectory): Promise<BatchStatus> {
  const answer = await askManager(directory, { ask: 'status' }, ANSWER_MS).catch(() => null);
  return answer ?? describeBatch(await loadBatch(directory));
}

const ANSWER_MS = 3_000;
