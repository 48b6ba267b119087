import type { Stats } from 'node:fs';
import ssh2 from 'ssh2';

const { STATUS_CODE } = ssh2.utils.sftp;

/** A refusal as the SFTP protocol knows it: a code, and OpenSSH's words for it. */
export interface SftpStatus {
  readonly code: number;
  readonly message: string;
}

export const SFTP_OK: SftpStatus = { code: STATUS_CODE.OK, message: 'Success' };
export const SFTP_EOF: SftpStatus = { code: STATUS_CODE.EOF, message: 'End of file' };
const NO_SUCH_FILE: SftpStatus = { code: STATUS_CODE.NO_SUCH_FILE, message: 'No such file' };
const PERMISSION_DENIED: SftpStatus = { code: STATUS_CODE.PERMISSION_DENIED, message: 'Permission denied' };
const FAILURE: SftpStatus = { code: STATUS_CODE.FAILURE, message: 'Failure' };

const BY_ERRNO: Readonly<Record<string, SftpStatus>> = {
  ENOENT: NO_SUCH_FILE,
  ENOTDIR: NO_SUCH_FILE,
  ELOOP: NO_SUCH_FILE,
  EACCES: PERMISSION_DENIED,
  EPERM: PERMISSION_DENIED,
  EFAULT: PERMISSION_DENIED,
};

/** What sftp-server answers for a system error: a full disk, too, is just a `Failure`. */
export function toSftpStatus(error: unknown): SftpStatus {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return BY_ERRNO[code] ?? FAILURE;
}

/** A file's attributes as SFTP version 3 sends them; times in seconds. */
export function toAttributes(stats: Stats) {
  return {
    mode: stats.mode,
    uid: stats.uid,
    gid: stats.gid,
    size: stats.size,
    atime: Math.floor(stats.atimeMs / 1000),
    mtime: Math.floor(stats.mtimeMs / 1000),
  };
}
