import type { Readable, Writable } from 'node:stream';
import type { TransportError } from '../../errors.js';

/** What a command left behind. Success is `code === 0`, whatever it wrote on stderr. */
export interface RunResult {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  /** Signal name as SSH has it, without SIG: `KILL`. */
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface RunOptions {
  /** `$1`, `$2` … of the script. Any bytes but NUL. */
  readonly args?: readonly string[];
  /** The script's stdin; closed after it. @default empty */
  readonly input?: Buffer | string | Readable;
  /** No answer for this long and the call rejects with E_DEADLINE. Milliseconds. @default 60000 */
  readonly deadlineMs?: number;
  /** More stdout than this is an E_PROTOCOL. stderr keeps its last 64 KiB. @default 64 MiB */
  readonly maxBytes?: number;
  /** Takes stdout as it comes, instead of gathering it in the result. */
  readonly onStdout?: (chunk: Buffer) => void;
}

export interface StartOptions extends Pick<RunOptions, 'deadlineMs'> {
  /** As those of `run`. While they are waited for, within the deadline, the channel is opened. */
  readonly args?: readonly string[] | Promise<readonly string[]>;
}

/** A command that stays: lines in, lines out. */
export interface Channel {
  readonly stdin: Writable;
  /** Begins right after the login shell's own noise. */
  readonly stdout: Readable;
  /** Settles when it is over; rejects with E_CONN_LOST when the link went first. */
  readonly ended: Promise<RunResult>;
  /** Ends it from this side, at once. */
  close(): void;
}

/**
 * A way to run bash scripts and move files on one machine, as one account. Scripts run under the host's bash without
 * its login files; noise that those print is dropped. A Shell never retries and never hides a fault.
 */
export interface Shell {
  /** For messages: `me@lab01:2222`. */
  readonly where: string;
  /**
   * Connects and logs in; whether commands can run there, the first one tells. Throws HostError (final) or TransportError (may pass).
   * Idempotent: a login that was refused is told again, not tried again; another try takes another Shell, or this one after `close`.
   */
  open(): Promise<void>;
  /** Runs a bash script to its end. Throws TransportError, or HostError when no shell can be had. */
  run(script: string, options?: RunOptions): Promise<RunResult>;
  /** Starts a bash script that stays. Resolves once it runs and login noise is past. */
  start(script: string, options?: StartOptions): Promise<Channel>;
  /**
   * Copies a local regular file to exactly this remote path (absolute, or relative to the login directory), mode 0600.
   * The caller gives a temporary name and checks size and digest afterwards.
   */
  putFile(local: string, remote: string, options?: TransferOptions): Promise<void>;
  /** Copies a remote regular file's first `bytes` bytes to a local path that must not exist; never follows a local link. */
  getFile(remote: string, local: string, bytes: number, options?: FetchOptions): Promise<void>;
  /** Called once when an open connection is gone, with the reason unless we closed it. */
  onClose(listener: (error: TransportError | undefined) => void): () => void;
  /** Lets go at once; pending calls reject with E_CONN_LOST. Idempotent. */
  close(): Promise<void>;
}

export interface TransferOptions {
  /** No byte moved for this long and the copy rejects with E_DEADLINE. Milliseconds. @default 60000 */
  readonly stallMs?: number;
  /** Told how many bytes have moved since the last call. */
  readonly onProgress?: (bytes: number) => void;
}

export interface FetchOptions extends TransferOptions {
  /** Shown what is written, in order; to keep, it has to be copied. */
  readonly onBytes?: (bytes: Buffer) => void;
}
