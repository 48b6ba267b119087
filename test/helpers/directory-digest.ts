import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A digest of all that a directory holds: names, modes and contents. Sockets count by their name only; a batch's lock, which tells who held it last, does not count. */
export async function directoryDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(path, { recursive: true });
  for (const name of names.filter((name) => !/(^|\/)lock\.\d+$/.test(name)).sort()) {
    const found = await lstat(join(path, name));
    hash.update(`${name}\0${found.mode}\0`);
    if (found.isFile()) hash.update(await readFile(join(path, name)));
  }
  return hash.digest('hex');
}
