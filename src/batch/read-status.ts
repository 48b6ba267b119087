import type { BatchDirectory } from '../journal/batch-directory.js';
import { type BatchOverview, describeOverview } from './batch-overview.js';
import { type BatchStatus, describeBatch } from './batch-status.js';
import { askManager } from './control-client.js';
import { loadBatch } from './load-batch.js';

/** How a batch stands: from its controller, or from its journal when there is none or it does not answer. Throws a StateError. */
export async function readStatus(directory: BatchDirectory): Promise<BatchStatus> {
  const answer = await askManager(directory, { ask: 'status' }, ANSWER_MS).catch(() => null);
  return answer ?? describeBatch(await loadBatch(directory));
}

/** As `readStatus`, with at most `most` of the jobs that are not done. */
export async function readOverview(directory: BatchDirectory, most: number): Promise<BatchOverview> {
  const answer = await askManager(directory, { ask: 'overview', most }, ANSWER_MS).catch(() => null);
  return answer ?? describeOverview(await loadBatch(directory), most);
}

const ANSWER_MS = 3_000;
