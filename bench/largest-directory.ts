import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The most entries that any directory under this one has, itself included; 0 when it is not there. */
export async function largestDirectory(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => []);
  let most = entries.length;
  for (const entry of entries)
    if (entry.isDirectory()) most = Math.max(most, await largestDirectory(join(path, entry.name)));
  return most;
}
