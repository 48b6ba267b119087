import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import PQueue from 'p-queue';

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
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
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
  const file = await open(path);
  try {
    const { size } = await file.stat();
    // A larger buffer than a small file needs would keep the garbage collector busy.
    const bytes = Math.min(Math.max(size, 1), CHUNK);
    let [buffer, next] = [Buffer.allocUnsafe(bytes), Buffer.allocUnsafe(bytes)];
    for (let read = await file.read(buffer); read.bytesRead > 0; ) {
      const reading = file.read(next); // while these are digested
      hash.update(buffer.subarray(0, read.bytesRead));
      read = await reading;
      [buffer, next] = [next, buffer];
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

const CHUNK = 256 * 1024;
const SMALL_BYTES = 64 * 1024;
const SMALL = Buffer.allocUnsafe(SMALL_BYTES);

/** For all who look at inputs in this process: what a file holds is the same for each of them. */
export const sharedDigests = new Digests();
