import { fstatSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** The few calls that a journal makes on its file; a test gives one that fails. */
export interface JournalFile {
  /** Appends all of it. */
  write(text: string): Promise<void>;
  /** Resolves once everything written is on the disk. */
  sync(): Promise<void>;
  /** Names the file has; 0 when it was deleted. */
  links(): Promise<number>;
  close(): Promise<void>;
}

/** Opens an existing file for appending after its first `bytes` bytes; what follows them is cut off. */
export async function openJournalFile(path: string, bytes: number): Promise<JournalFile> {
  const handle = await open(path, 'a');
  try {
    await handle.truncate(bytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return fileOf(handle);
}

/** What only reaches the page cache is done at once: a trip to the thread pool costs many times as much. */
function fileOf(handle: FileHandle): JournalFile {
  return {
    write: async (text) => appendNow(handle.fd, Buffer.from(text)),
    sync: () => handle.datasync(),
    links: async () => fstatSync(handle.fd).nlink,
    close: () => handle.close(),
  };
}

function appendNow(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
