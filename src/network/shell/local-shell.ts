import { spawn } from 'node:child_process';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { GpoolError, TransportError } from '../../errors.js';
import { localFault } from './local-fault.js';
import { writeWhole } from './local-file.js';
import { SCRIPT_SHELL } from './remote-script.js';
import { runScript, type ScriptProcess, startScript } from './script-process.js';
import type { FetchOptions, Shell } from './shell.js';

export interface LocalShellOptions {
  /** Where scripts start and relative paths begin. @default the user's home */
  readonly home?: string;
}

/** This machine as a Shell: the same scripts as on a far host, without the link. */
export function createLocalShell({ home = homedir() }: LocalShellOptions = {}): Shell {
  const where = 'this machine';
  const running = new Set<ScriptProcess>();
  const absolute = (path: string) => (isAbsolute(path) ? path : join(home, path));
  let closed = false;
  const spawnShell = async () => {
    if (closed) throw new TransportError('E_CONN_LOST', { what: 'the connection was closed', where });
    return track(running, spawnLocal(home));
  };
  return {
    where,
    open: async () => {},
    run: (script, options) => runScript(spawnShell, where, script, options),
    start: (script, options) => startScript(spawnShell, where, script, options),
    putFile: (local, remote, options) => copyFile(local, absolute(remote), { exclusive: false, ...options }),
    getFile: (remote, local, bytes, options) =>
      copyFile(absolute(remote), local, { exclusive: true, bytes, ...options }),
    onClose: () => () => {},
    close: async () => {
      closed = true;
      for (const process of running) process.kill();
    },
  };
}

function track(running: Set<ScriptProcess>, process: ScriptProcess): ScriptProcess {
  running.add(process);
  const forget = () => running.delete(process);
  process.exited.then(forget, forget);
  return process;
}

/** In a process group of its own, so that a Ctrl-C on the terminal is ours to handle. */
function spawnLocal(home: string): ScriptProcess {
  const [program, ...args] = SCRIPT_SHELL;
  const child = spawn(program, args, { cwd: home, detached: true, stdio: 'pipe' });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new TransportError('E_CHANNEL', {
          what: `cannot start bash: ${cause.message}`,
          where: 'this machine',
          cause,
        }),
      ),
    );
    child.once('close', (code, signal) => resolve({ code, signal: signal?.replace(/^SIG/, '') ?? null }));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill: () => killGroup(child.pid),
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the group is gone already
  }
}

interface CopyOptions {
  /** Refuses an existing target, links included. */
  readonly exclusive: boolean;
  /** Exactly so many bytes; absent means the whole file. */
  readonly bytes?: number;
}

async function copyFile(
  from: string,
  to: string,
  { exclusive, bytes, onProgress, onBytes }: CopyOptions & FetchOptions,
): Promise<void> {
  const source = await openRegular(from);
  const write = async (target: FileHandle) => {
    let size = 0;
    const end = bytes === undefined ? Number.POSITIVE_INFINITY : bytes - 1;
    const reader = createReadStream('', { fd: source, autoClose: false, start: 0, end: Math.max(0, end) });
    for await (const chunk of bytes === 0 ? [] : reader) {
      await target.writeFile(chunk);
      size += chunk.length;
      onProgress?.(chunk.length);
      onBytes?.(chunk);
    }
    if (bytes !== undefined && size !== bytes) throw new Error(`the file has ${size} bytes, not ${bytes}`);
  };
  try {
    await (exclusive ? writeWhole(to, write) : overwrite(to, write));
  } catch (cause) {
    const isRead = cause instanceof Error && 'syscall' in cause && cause.syscall === 'read';
    const fault = exclusive && !isRead ? localFault(cause, to) : cause;
    throw fault instanceof GpoolError ? fault : transferError(from, to, cause);
  } finally {
    await source.close();
  }
}

async function overwrite(path: string, write: (target: FileHandle) => Promise<void>): Promise<void> {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_TRUNC } = constants;
  const target = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_TRUNC, 0o600);
  try {
    await target.chmod(0o600);
    await write(target);
  } finally {
    await target.close();
  }
}

async function openRegular(path: string) {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw transferError(path, '', cause);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw transferError(path, '', new Error('it is no regular file'));
}

function transferError(from: string, to: string, cause: unknown): TransportError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TransportError('E_TRANSFER', {
    what: `cannot copy ${JSON.stringify(to ? `${from} to ${to}` : from)}: ${reason}`,
    where: 'this machine',
    cause,
  });
}
