import { GpoolError, JobError } from '../../errors.js';

/**
 * The error of a write on this machine: whatever the system refuses, results cannot be kept here, and stay on their host. What is an
 * error of ours already, or no error of the system, is handed back.
 */
export function localFault(cause: unknown, where: string): unknown {
  const code = errnoOf(cause);
  if (cause instanceof GpoolError || code === '') return cause;
  const words = WORDS[code] ?? 'the system refuses it';
  return new JobError('E_LOCAL_DISK', { what: `cannot write here: ${words} (${code})`, where, cause });
}

/** The system's name of an error, `ENOSPC`; empty when it is no error of the system. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : '';
}

/** Runs `act`; what the system refuses becomes a JobError (E_LOCAL_DISK) about `where`. */
export async function explainLocal<T>(where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw localFault(error, where);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space or no inode is left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file is larger than is allowed',
  EROFS: 'the file system is read-only',
  EACCES: 'permission was denied',
  EPERM: 'it is not permitted',
  EIO: 'the disk has a fault',
  EMFILE: 'too many files are open in gpool',
  ENFILE: 'too many files are open on this machine',
  ENAMETOOLONG: 'the name is too long',
  EINVAL: 'the file system cannot hold the name',
  EILSEQ: 'the file system cannot hold the name',
  ESTALE: 'the file server has lost the directory',
  ENOENT: 'the directory is gone',
};
