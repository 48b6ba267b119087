import type { SFTPWrapper, Stats } from 'ssh2';
import { HostError, TransportError } from '../../../errors.js';
import { Fuse } from '../fuse.js';
import { ChannelRefused, channelError, type Held } from './channel-process.js';
import type { Connection } from './connection.js';

/**
 * One SFTP channel on the connection that commands use too, which is why ssh2's own SFTP serves here: ssh2-sftp-client opens a connection of
 * its own for each client. Its requests fail together when the channel goes; ssh2 alone would leave some without an answer.
 */
export class SftpSession {
  readonly #fuse = new Fuse();
  readonly #handles = new Set<Buffer>();

  constructor(
    readonly sftp: SFTPWrapper,
    readonly connection: Connection,
    readonly release: () => void,
  ) {
    const end = (error?: Error) => this.#end(`the SFTP channel ended${error ? `: ${error.message}` : ''}`);
    sftp.on('error', end);
    sftp.on('end', () => end());
    sftp.on('close', () => end());
    connection.onClose(() => end());
  }

  get alive(): boolean {
    return this.#fuse.error === undefined;
  }

  /** Opens a file for `use`, and lets go of its handle afterwards without waiting for the answer. */
  async withFile(path: string, flags: 'r' | 'w', use: (handle: Buffer) => Promise<void>): Promise<void> {
    const handle = await this.#call<Buffer>((done) => this.sftp.open(path, flags, { mode: 0o600 }, done));
    this.#handles.add(handle);
    try {
      await use(handle);
    } finally {
      if (this.#handles.has(handle)) this.close(handle).catch(() => {});
    }
  }

  stat(path: string): Promise<Stats> {
    return this.#call((done) => this.sftp.stat(path, done));
  }

  /** Answers how many bytes came; fewer than asked at the end of the file, and from some servers anywhere. */
  read(handle: Buffer, into: Buffer, offset: number, length: number, position: number): Promise<number> {
    return this.#call((done) =>
      this.sftp.read(handle, into, offset, length, position, (error, bytes) => done(error, bytes)),
    );
  }

  write(handle: Buffer, from: Buffer, length: number, position: number): Promise<void> {
    return this.#call((done) =>
      this.sftp.write(handle, from, 0, length, position, (error) => done(error, undefined)),
    );
  }

  /** Closes a handle, and tells when that fails. */
  close(handle: Buffer): Promise<void> {
    this.#handles.delete(handle);
    return this.#call((done) => this.sftp.close(handle, (error) => done(error, undefined)));
  }

  /** Lets go of the channel, and of every request that still waits for an answer. */
  end(): void {
    this.#end('the SFTP channel was closed from this side');
  }

  #call<T>(send: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
    if (this.#fuse.error) return Promise.reject(this.#fuse.error);
    return this.#fuse.guard(
      new Promise((resolve, reject) => send((error, value) => (error ? reject(error) : resolve(value)))),
    );
  }

  #end(what: string): void {
    if (!this.alive) return;
    this.#fuse.blow(
      this.connection.error ?? new TransportError('E_TRANSFER', { what, where: this.connection.where }),
    );
    this.sftp.end();
    this.release();
  }
}

/** Opens the channel. Throws HostError E_NO_SFTP when the server has no SFTP, or login files spoil it. */
export function startSftp(connection: Connection): Promise<Held<SftpSession>> {
  const started = new Promise<Held<SftpSession>>((resolve, reject) => {
    connection.client.sftp((error, sftp) => {
      if (error) return reject(sftpError(error, connection));
      let release: () => void = () => {};
      const closed = new Promise<void>((done) => {
        release = done;
      });
      resolve({ value: new SftpSession(sftp, connection, release), closed });
    });
  });
  return connection.guard(started.catch((error: unknown) => Promise.reject(channelError(error, connection))));
}

function sftpError(error: Error, connection: Connection): Error {
  const known = channelError(error, connection);
  if (known instanceof ChannelRefused || connection.error) return known;
  const printed = /^Packet length (\d+) exceeds/.exec(error.message)?.[1];
  const what =
    printed === undefined
      ? `the server does not serve SFTP: ${error.message}`
      : `a login file printed text into the SFTP channel, beginning with ${JSON.stringify(bytesOf(Number(printed)))}`;
  return new HostError('E_NO_SFTP', { what, where: connection.where, cause: error });
}

/** The four characters that were taken for a packet length. */
function bytesOf(length: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes.toString('latin1');
}
