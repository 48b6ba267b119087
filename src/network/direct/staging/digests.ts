import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import PQueue from 'p-queue';
import { localPath } from '../../../bytes.js';
import { readBlocks } from '../../../read-blocks.js';

/** SHA-256 of local files, each read once as long as it does not change. */
export class Digests {
  readonly #known = new Map<string, Promise<string>>();
  readonly #readers = new PQueue({ concurrency: 4 });

  of(path: string, stat: Stats): Promise<string> {
    const key = `${fileVersion(stat)} ${path}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const digest = stat.size <= SMALL_BYTES ? digestSmall(path) : this.#readers.add(() => digestFile(path));
    this.#known.set(key, digest);
    digest.catch(() => this.#known.delete(key));
    return digest;
  }
}

/** What changes when a file is written to. */
export function fileVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

/** At once: for a small file each trip to the thread pool takes longer than the reading. */
async function digestSmall(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = openSync(localPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    for (let bytes = readSync(file, SMALL); bytes > 0; bytes = readSync(file, SMALL))
      hash.update(SMALL.subarray(0, bytes));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(localPath(path));
  try {
    for await (const block of readBlocks(file)) hash.update(block);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

const SMALL_BYTES = 64 * 1024;
const SMALL = Buffer.allocUnsafe(SMALL_BYTES);

/** For all who look at inputs in this process: what a file holds is the same for each of them. */
export const sharedDigests = new Digests();
