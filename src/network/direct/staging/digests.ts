import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import PQueue from 'p-queue';

/** SHA-256 of local files, each read once as long as it does not change. */
export class Digests {
  readonly #known = new Map<string, Promise<string>>();
  readonly #readers = new PQueue({ concurrency: 4 });

  of(path: string, stat: Stats): Promise<string> {
    const key = `${fileVersion(stat)} ${path}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const digest = this.#readers.add(() => digestFile(path));
    this.#known.set(key, digest);
    digest.catch(() => this.#known.delete(key));
    return digest;
  }
}

/** What changes when a file is written to. */
export function fileVersion({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}
