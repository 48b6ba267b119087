import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { StateError } from '../errors.js';
import { type BatchDirectory, openBatchDirectory } from '../journal/batch-directory.js';
import { batchesPlace } from '../journal/batches-place.js';
import { requireOwnBatch } from '../journal/own-batch.js';

/**
 * The directory that a person means: a path, a name under `./batches`, or the newest when nothing or `latest` is said.
 * Throws a StateError (E_BATCH_NOT_FOUND).
 */
export async function findBatch(name: string | undefined, cwd: string): Promise<BatchDirectory> {
  return open(await findPlace(name, cwd));
}

/**
 * The same for whoever acts upon the batch: it, its files and the way that leads there must be in nobody else's hands.
 * Throws a StateError (E_BATCH_NOT_FOUND, E_BATCH_OWNER).
 */
export async function findOwnBatch(name: string | undefined, cwd: string): Promise<BatchDirectory> {
  const place = await findPlace(name, cwd);
  await requireOwnBatch(place);
  return open(place);
}

/** What is behind `latest` now is meant, whatever it leads to later. */
async function open(place: string): Promise<BatchDirectory> {
  return openBatchDirectory(basename(place) === 'latest' ? await realpath(place) : place);
}

async function findPlace(name: string | undefined, cwd: string): Promise<string> {
  if (name === undefined || name === 'latest') return findNewest(cwd);
  const own = await listParents(cwd);
  const places = [resolve(cwd, name), ...own.map((parent) => join(parent, name))];
  for (const place of places) {
    if (await isBatch(place)) return place;
  }
  throw new StateError('E_BATCH_NOT_FOUND', { what: 'there is no batch of this name', where: name });
}

async function findNewest(cwd: string): Promise<string> {
  const parents = await listParents(cwd);
  for (const parent of parents) {
    const latest = join(parent, 'latest');
    if (await isBatch(latest)) return latest;
    const names = await readdir(parent).catch(() => []);
    const newest = names.sort().at(-1);
    if (newest !== undefined) return join(parent, newest);
  }
  throw new StateError('E_BATCH_NOT_FOUND', {
    what: 'no batch was run from this directory',
    where: parents[0] ?? cwd,
    next: 'Start one with `gpool run`, or name the directory of a batch.',
  });
}

/** Where batches of this directory lie; first where a new one would be made. */
async function listParents(cwd: string): Promise<readonly string[]> {
  const own = await batchesPlace(cwd);
  const usual = resolve(cwd, 'batches');
  return own === usual ? [usual] : [own, usual];
}

async function isBatch(path: string): Promise<boolean> {
  const found = await stat(join(path, 'batch.json')).catch(() => null);
  return found?.isFile() ?? false;
}
