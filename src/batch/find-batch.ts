import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StateError } from '../errors.js';
import { type BatchDirectory, openBatchDirectory } from '../journal/batch-directory.js';

/**
 * The directory that a person means: a path, a name under `./batches`, or the newest when nothing or `latest` is said.
 * Throws a StateError (E_BATCH_NOT_FOUND).
 */
export async function findBatch(name: string | undefined, cwd: string): Promise<BatchDirectory> {
  if (name === undefined || name === 'latest')
    return openBatchDirectory(await realpath(await findNewest(cwd)));
  const places = [resolve(cwd, name), resolve(cwd, 'batches', name)];
  for (const place of places) {
    if (await isBatch(place)) return openBatchDirectory(place);
  }
  throw new StateError('E_BATCH_NOT_FOUND', { what: 'there is no batch of this name', where: name });
}

async function findNewest(cwd: string): Promise<string> {
  const parent = resolve(cwd, 'batches');
  const latest = join(parent, 'latest');
  if (await isBatch(latest)) return latest;
  const names = await readdir(parent).catch(() => []);
  const newest = names.sort().at(-1);
  if (newest !== undefined) return join(parent, newest);
  throw new StateError('E_BATCH_NOT_FOUND', {
    what: 'no batch was run from this directory',
    where: parent,
    next: 'Start one with `gpool run`, or name the directory of a batch.',
  });
}

async function isBatch(path: string): Promise<boolean> {
  const found = await stat(join(path, 'batch.json')).catch(() => null);
  return found?.isFile() ?? false;
}
