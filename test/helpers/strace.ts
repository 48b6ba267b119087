import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finish, type GpoolOptions, type GpoolRun, MAIN } from './run-gpool.js';

/** A fault at one system call. */
export interface SyscallFault {
  /** `write`, `fdatasync`, or several with commas. */
  readonly call: string;
  /** Only calls about these paths, by name or by descriptor. */
  readonly paths: readonly string[];
  /** As strace has it: `signal=SIGKILL`, `error=EIO`. */
  readonly effect: string;
  /** The how-manieth such call of a thread is hit, counted from 1. */
  readonly when: number;
}

/**
 * Runs the built command under strace, which makes one of its system calls go wrong. All file calls that node makes in the
 * background come from one thread, and files on their way are named `.part-<part>`: so that a call is found again by its
 * number and its path. The code is null when the fault was a SIGKILL and the command came that far; `hit` tells whether it
 * came as far as an error that was asked for.
 */
export async function runGpoolWithFault(
  args: readonly string[],
  { call, paths, effect, when }: SyscallFault,
  options: GpoolOptions & { readonly part?: string },
): Promise<GpoolRun & { readonly hit: boolean }> {
  const { cwd, env = {}, part = '0' } = options;
  const filter = paths.flatMap((path) => ['-P', path]);
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${effect}:when=${when}`];
  const trace = join(cwd, `strace-${randomUUID()}`);
  const node = [process.execPath, '--import', nameParts(part), MAIN, ...args];
  // With --seccomp-bpf, strace 6.1 injects nothing where -P is given.
  const strace = ['-f', '-qq', '-o', trace, ...filter, ...inject, ...node];
  const child = spawn('strace', strace, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1', UV_THREADPOOL_SIZE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // A strace that ends lets go of the command: both are one process group.
  const limit = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), LIMIT_MS);
  const run = await finish(child).finally(() => clearTimeout(limit));
  const hit = (await readFile(trace, 'latin1')).includes('(INJECTED)');
  await rm(trace);
  return { ...run, hit };
}

/** The 18 hex digits in the names of files on their way. */
export function partName(part: string): string {
  return `.part-${part.padStart(18, '0')}`;
}

/** So long may a run take. */
const LIMIT_MS = 60_000;

/** A module that makes the only random 9 bytes that gpool asks for the ones wanted. */
function nameParts(part: string): string {
  const code = `
    import crypto from 'node:crypto';
    import { syncBuiltinESMExports } from 'node:module';
    const { randomBytes } = crypto;
    const bytes = Buffer.from('${part.padStart(18, '0')}', 'hex');
    crypto.randomBytes = (size, ...rest) => size === 9 ? bytes : randomBytes(size, ...rest);
    syncBuiltinESMExports();`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
