import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Collected } from '../../../events/event.js';
import type { ReturnFile } from '../../../spec/job-spec.js';
import { matchesReturn } from './return-pattern.js';

/**
 * What was fetched of an attempt that its host has cleared: all of it then, under final names. Asked for when the line of the journal
 * that says so was damaged.
 */
export async function listFetched(
  directory: string,
  returns: readonly ReturnFile[],
): Promise<Pick<Collected, 'files' | 'missing' | 'skipped'>> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const entries = found
    .map((entry) => ({ entry, path: relative(directory, join(entry.parentPath, entry.name)) }))
    .filter(({ path }) => path !== 'stdout' && path !== 'stderr');
  const asked = entries.filter(({ path }) => returns.some(({ pattern }) => matchesReturn(pattern, path)));
  const files = asked.filter(({ entry }) => entry.isFile()).map(({ path }) => path);
  const missing = returns
    .filter(({ pattern, optional }) => !optional && !asked.some(({ path }) => matchesReturn(pattern, path)))
    .map(({ pattern }) => pattern);
  const sized = files.map(async (path) => ({ path, bytes: (await sizeOf(join(directory, path))) ?? 0 }));
  return { files: await Promise.all(sized), missing, skipped: [] };
}

/** Null when it is not there, or no file. */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}
