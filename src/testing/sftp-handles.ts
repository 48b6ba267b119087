import type { FileHandle } from 'node:fs/promises';

/** A directory being listed; names leave the list as they are sent. */
export interface OpenDirectory {
  readonly path: string;
  readonly names: string[];
}

/** The open files and directories of one SFTP session, by the handles its client knows them by. */
export class SftpHandles {
  readonly #open = new Map<string, FileHandle | OpenDirectory>();
  #next = 0;

  add(target: FileHandle | OpenDirectory): Buffer {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(this.#next++);
    this.#open.set(handle.toString('hex'), target);
    return handle;
  }

  /** @throws Error for a handle that is no open file. */
  file(handle: Buffer): FileHandle {
    const target = this.#open.get(handle.toString('hex'));
    if (target === undefined || 'names' in target) throw new Error('not an open file');
    return target;
  }

  /** @throws Error for a handle that is no open directory. */
  directory(handle: Buffer): OpenDirectory {
    const target = this.#open.get(handle.toString('hex'));
    if (target === undefined || !('names' in target)) throw new Error('not an open directory');
    return target;
  }

  async close(handle: Buffer): Promise<void> {
    const key = handle.toString('hex');
    const target = this.#open.get(key);
    this.#open.delete(key);
    if (target === undefined) throw new Error('not open');
    if (!('names' in target)) await target.close();
  }

  /** For a connection that is gone; errors have nobody to go to. */
  closeAll(): void {
    for (const target of this.#open.values()) if (!('names' in target)) target.close().catch(() => {});
    this.#open.clear();
  }
}
