import { stat } from 'node:fs/promises';
import type { TransportError } from '../../../errors.js';
import { describeDestination, type SshDestination } from '../../../spec/host.js';
import { Fuse } from '../fuse.js';
import { runScript, startScript } from '../script-process.js';
import type {
  Channel,
  FetchOptions,
  RunOptions,
  RunResult,
  Shell,
  StartOptions,
  TransferOptions,
} from '../shell.js';
import type { SshOptions } from '../ssh-options.js';
import { getStream, putStream, type StartScript } from '../stream-files.js';
import { lostError } from './connect-error.js';
import { SessionChannels } from './session-channels.js';
import { SftpFiles } from './sftp-files.js';
import { resolveTarget } from './ssh-config.js';
import type { SshTarget } from './ssh-target.js';

/**
 * A Shell over the ssh2 library: one login, shared by commands and files. Hosts of one pool share one `options` object, and with it passphrases,
 * passwords and the memory of refused logins. After a lost link `open` connects anew.
 */
export function createSsh2Shell(destination: SshDestination, options: SshOptions = {}): Shell {
  return new Ssh2Shell(destination, options);
}

interface Session {
  readonly target: SshTarget;
  readonly channels: SessionChannels;
  readonly files: SftpFiles;
}

class Ssh2Shell implements Shell {
  readonly where: string;
  readonly #listeners = new Set<(error: TransportError | undefined) => void>();
  #opening: Promise<void> | undefined;
  #session: Session | undefined;
  /** Blown by `close`, for an `open` that is still under way. */
  #fuse = new Fuse();

  constructor(
    readonly destination: SshDestination,
    readonly options: SshOptions,
  ) {
    this.where = describeDestination(destination);
  }

  open(): Promise<void> {
    this.#opening ??= this.#fuse.guard(this.#open(this.#fuse));
    return this.#opening;
  }

  async run(script: string, options?: RunOptions): Promise<RunResult> {
    return runScript(this.#connected().channels.pass, this.where, script, options);
  }

  async start(script: string, options?: StartOptions): Promise<Channel> {
    return startScript(this.#connected().channels.stay, this.where, script, options);
  }

  async putFile(local: string, remote: string, options?: TransferOptions): Promise<void> {
    const { channels, files } = this.#connected();
    const { size } = await stat(local).catch(() => ({ size: 0 }));
    if (size < STREAM_BYTES) return files.put(local, remote, options);
    return putStream(this.#starter(channels), this.where, [local, remote], options);
  }

  async getFile(remote: string, local: string, bytes: number, options?: FetchOptions): Promise<void> {
    const { channels, files } = this.#connected();
    if (bytes < STREAM_BYTES) return files.get(remote, local, bytes, options);
    return getStream(this.#starter(channels), this.where, [remote, local], bytes, options);
  }

  onClose(listener: (error: TransportError | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#fuse.blow(lostError('closed while connecting', this.where));
    this.#fuse = new Fuse();
    this.#opening = undefined;
    this.#session?.channels.destroy();
  }

  async #open(fuse: Fuse): Promise<void> {
    // The library is loaded while `ssh` reads its configuration.
    const [target, { connect }] = await Promise.all([
      resolveTarget(this.destination, this.options),
      import('./connect.js'),
    ]);
    const shared = await connect(target, this.options);
    const channels = new SessionChannels(shared, () => connect(target, this.options));
    const gone = fuse.error ?? shared.error;
    if (gone) {
      channels.destroy();
      throw gone;
    }
    const session = { target, channels, files: new SftpFiles(this.where, channels.sftp) };
    this.#session = session;
    shared.onClose((error) => this.#lost(session, error));
  }

  #lost(session: Session, error: TransportError | undefined): void {
    session.channels.destroy();
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#opening = undefined;
    for (const listener of this.#listeners) listener(error);
  }

  #starter({ stream }: SessionChannels): StartScript {
    return (script, args) => startScript(stream, this.where, script, { args });
  }

  #connected(): Session {
    if (this.#session) return this.#session;
    throw lostError('there is no connection', this.where);
  }
}

/** From here on a process on the host costs less than it saves: `cat` and `head` need half the work of SFTP's requests. */
const STREAM_BYTES = 16 * 1024 * 1024;
