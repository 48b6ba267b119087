import { findForeignOwner } from '../batch/foreign-batch.js';
import type { LoadedBatch } from '../batch/load-batch.js';
import { toPlainLine } from './plain-text.js';

/** Says on stderr whose a batch is, when it is not in our hands alone. It is only read then. */
export async function sayOwner(directory: LoadedBatch['directory']): Promise<void> {
  const owner = await findForeignOwner(directory);
  if (owner !== null)
    process.stderr.write(`gpool: this batch is not yours: ${toPlainLine(owner)}; it is only read\n`);
}
