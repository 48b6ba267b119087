import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchDirectory } from '../journal/batch-directory.js';
import { holdBatch } from './held-batch.js';

/**
 * Completes a joblog from the journal of the batch that wrote to it last, if that is under `batches/` or in one of the other
 * `places`. One that runs completes it by itself; one that cannot be read has nothing to add.
 */
export async function completeJoblog(
  joblog: string,
  cwd: string,
  places: readonly string[] = [],
): Promise<void> {
  const parent = join(cwd, 'batches');
  const found = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const names = found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const newestFirst = names.sort().reverse().slice(0, MOST_BATCHES);
  for (const path of [...places, ...newestFirst.map((name) => join(parent, name))]) {
    const directory = new BatchDirectory(path);
    if (!(await writesTo(directory, joblog))) continue;
    const held = await holdBatch(directory).catch(() => null);
    await held?.store.close();
    return;
  }
}

/** By the head of `batch.json`, where each key has a line. */
async function writesTo({ batchFile }: BatchDirectory, joblog: string): Promise<boolean> {
  const file = await open(batchFile, 'r').catch(() => null);
  if (!file) return false;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.toString('utf8', 0, bytesRead).includes(`\n"joblog":${JSON.stringify(joblog)},\n`);
  } finally {
    await file.close();
  }
}

const MOST_BATCHES = 100;
const HEAD_BYTES = 1024 * 1024;
