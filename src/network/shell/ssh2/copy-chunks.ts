/** Moves one chunk: `length` bytes at `position`, through a buffer that no other chunk uses meanwhile. */
export type MoveChunk = (buffer: Buffer, length: number, position: number) => Promise<void>;

/**
 * Moves `size` bytes in chunks, several in flight. Settles only when nothing is in flight any more, with the first error if there was
 * one. Measured: 8 chunks of 255 KiB fill a fast link; ssh2 splits them by itself for a server with smaller packets.
 */
export async function copyChunks(size: number, move: MoveChunk): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size));
    while (next < size && !failed) {
      const position = next;
      next += CHUNK;
      await move(buffer, Math.min(CHUNK, size - position), position).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const workers = Math.min(IN_FLIGHT, Math.ceil(size / CHUNK));
  const ends = await Promise.allSettled(Array.from({ length: workers }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

const CHUNK = 261_120;
const IN_FLIGHT = 8;
