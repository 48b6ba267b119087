import type { FileHandle } from 'node:fs/promises';

/**
 * What a file holds, block by block; the next is read while one is looked at. A block is valid until the next is asked for: there
 * are two buffers only, for new ones would keep the garbage collector as busy as the cipher.
 */
export async function* readBlocks(file: FileHandle): AsyncGenerator<Buffer> {
  const { size } = await file.stat();
  // A larger buffer than a small file needs would be work, too.
  const bytes = Math.min(Math.max(size, 1), BLOCK);
  let [buffer, next] = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)];
  for (let read = await file.read(buffer); read.bytesRead > 0; ) {
    const reading = file.read(next);
    reading.catch(() => {}); // told when it is its turn
    try {
      yield buffer.subarray(0, read.bytesRead);
    } finally {
      await reading.catch(() => {}); // nothing is read any more when this is over
    }
    read = await reading;
    [buffer, next] = [next, buffer];
  }
}

const BLOCK = 256 * 1024;
