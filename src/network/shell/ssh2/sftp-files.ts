import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import PQueue from 'p-queue';
import { GpoolError, JobError, TransportError } from '../../../errors.js';
import { localFault } from '../local-fault.js';
import { openSource, writeWhole } from '../local-file.js';
import type { FetchOptions, TransferOptions } from '../shell.js';
import { StallWatch } from '../stall-watch.js';
import { copyChunks } from './copy-chunks.js';
import type { SftpSession } from './sftp-session.js';

/** Copies files over one shared SFTP channel, which is opened when first needed and again after a fault. */
export class SftpFiles {
  readonly #transfers = new PQueue({ concurrency: 8 });
  #session: Promise<SftpSession> | undefined;

  constructor(
    readonly where: string,
    readonly openSession: () => Promise<SftpSession>,
  ) {}

  /** See Shell.putFile. */
  put(local: string, remote: string, options: TransferOptions = {}): Promise<void> {
    return this.#transfer(remote, options, async (session, watch) => {
      const source = await openSource(local);
      try {
        const { size } = await source.stat();
        await session.withFile(remote, 'w', async (target) => {
          await copyChunks(size, async (buffer, length, position) => {
            await readFully(source, buffer, length, position, local);
            await session.write(target, buffer, length, position);
            watch.progress();
            options.onProgress?.(length);
          });
          await session.close(target); // some servers tell of a full disk only now
        });
      } finally {
        await source.close();
      }
    });
  }

  /** See Shell.getFile. */
  get(remote: string, local: string, bytes: number, options: FetchOptions = {}): Promise<void> {
    return this.#transfer(remote, options, async (session, watch) => {
      // Before it is opened: a server that opens a FIFO answers nothing any more.
      const { mode } = await session.stat(remote);
      if ((mode & constants.S_IFMT) !== constants.S_IFREG)
        throw new JobError('E_OUTPUT_UNSAFE', {
          what: `${remote} is not a regular file`,
          where: this.where,
        });
      await session.withFile(remote, 'r', async (source) => {
        const read = (into: Buffer, length: number, position: number) =>
          this.#readFully({ session, source, watch, remote }, into, length, position);
        let before: Promise<void> = Promise.resolve();
        await writeWhole(local, (target) =>
          copyChunks(bytes, async (buffer, length, position) => {
            // Chunks begin in order, but their answers may not come so.
            const earlier = before;
            before = read(buffer, length, position)
              .then(() => earlier)
              .then(() => options.onBytes?.(buffer.subarray(0, length)));
            await before;
            await writeFully(target, buffer.subarray(0, length), position);
            options.onProgress?.(length);
          }),
        );
      });
    });
  }

  #transfer(
    remote: string,
    options: TransferOptions,
    copy: (session: SftpSession, watch: StallWatch) => Promise<void>,
  ): Promise<void> {
    return this.#transfers.add(async () => {
      const watch = new StallWatch(options.stallMs ?? 60_000, `${this.where}:${remote}`);
      try {
        const session = await watch.guard(this.#openSession());
        const copying = copy(session, watch);
        // A stuck server answers nothing any more: ending the channel is what lets the copy fail and clean up.
        await watch.guard(copying).catch(async (error: unknown) => {
          if (watch.stalled) session.end();
          await copying.catch(() => {});
          throw error;
        });
      } catch (error) {
        throw this.#faultOf(error, remote);
      } finally {
        watch.clear();
      }
    });
  }

  /** Whoever finds the channel gone opens a new one; all others wait for that one. */
  async #openSession(): Promise<SftpSession> {
    const seen = this.#session;
    const held = await seen?.catch(() => undefined);
    if (held?.alive) return held;
    const opening = this.#session === seen ? this.openSession() : this.#session;
    this.#session = opening;
    return opening ?? this.openSession();
  }

  async #readFully(from: RemoteSource, into: Buffer, length: number, position: number): Promise<void> {
    const { session, source, watch, remote } = from;
    for (let done = 0; done < length; ) {
      const bytes = await session.read(source, into, done, length - done, position + done);
      if (bytes <= 0)
        throw new TransportError('E_TRANSFER', {
          what: `${remote} is shorter than it was said to be`,
          where: this.where,
        });
      watch.progress();
      done += bytes;
    }
  }

  #faultOf(error: unknown, remote: string): GpoolError {
    const local = error instanceof Error && 'path' in error ? String(error.path) : 'this machine';
    const fault = localFault(error, local);
    if (fault instanceof GpoolError) return fault;
    const what = `copying ${remote} failed: ${error instanceof Error ? error.message : String(error)}`;
    return new TransportError('E_TRANSFER', { what, where: this.where, cause: error });
  }
}

/** A disk that is nearly full, or a limit, takes a part without a word; the rest says why. */
async function writeFully(target: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await target.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

interface RemoteSource {
  readonly session: SftpSession;
  readonly source: Buffer;
  readonly watch: StallWatch;
  readonly remote: string;
}

async function readFully(
  source: FileHandle,
  buffer: Buffer,
  length: number,
  position: number,
  local: string,
): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await source.read(buffer, done, length - done, position + done);
    if (bytesRead === 0)
      throw new JobError('E_INPUT_CHANGED', {
        what: 'the file became shorter while it was sent',
        where: local,
      });
    done += bytesRead;
  }
}
