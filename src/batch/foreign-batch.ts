import { basename } from 'node:path';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { batchesPlace } from '../journal/batches-place.js';
import { findOwner } from '../journal/own-batch.js';
import { TRUST_VARIABLE } from '../journal/private-file.js';

/** Why a batch is not in our hands alone, in words; null when it is. */
export async function findForeignOwner({ path }: Pick<BatchDirectory, 'path'>): Promise<string | null> {
  return findOwner(path);
}

/** From now on batches are taken as they are, whoever else can change them. */
export function trustBatches(): void {
  process.env[TRUST_VARIABLE] = '1';
}

/** The name of the directory for new batches, where that is not the usual one, which is somebody else's; null where it is. */
export async function findOtherPlace(cwd: string): Promise<string | null> {
  const name = basename(await batchesPlace(cwd));
  return name === 'batches' ? null : name;
}
