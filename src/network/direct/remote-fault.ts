import { HostError, TransportError } from '../../errors.js';
import type { Shell } from '../shell/shell.js';

/**
 * Why a write on a host failed: says so when its disk or its inodes are used up, else hands `cause` back. Removes `part`,
 * the half file, when one is named. A link that is gone is the cause itself.
 */
export async function remoteFault(shell: Shell, root: string, cause: unknown, part = ''): Promise<unknown> {
  if (cause instanceof TransportError && cause.code === 'E_CONN_LOST') return cause;
  const room = await shell.run(ROOM, { args: [root, part] }).catch(() => null);
  const [freeKb = '', freeInodes = ''] = room?.stdout.toString('latin1').trim().split(' ') ?? [];
  const { where } = shell;
  if (/^\d+$/.test(freeKb) && Number(freeKb) < FULL_KB) {
    return new HostError('E_REMOTE_DISK', {
      what: `no space left under ${root} (${freeKb} kB free)`,
      where,
      cause,
    });
  }
  if (freeInodes === '0')
    return new HostError('E_REMOTE_INODES', { what: `no inode left under ${root}`, where, cause });
  return cause;
}

/** The last line a command wrote on stderr, cut to what a message can hold. */
export function lastLine(stderr: Buffer): string {
  return stderr.toString('utf8').trimEnd().split('\n').at(-1)?.slice(-300) ?? '';
}

/** Looks first and removes the part after, or there would be room again. A file system without inode counts prints 0 of 0. */
const ROOM = `
if read -r blocks size total free < <(stat -f -c '%a %S %c %d' -- "$1"); then
  [[ $total == 0 ]] && free=-
  printf '%s %s\\n' "$((blocks * size / 1024))" "$free"
fi
[[ -z $2 ]] || rm -f -- "$2"`;

/** Less room than this, and a failed write is the disk's fault. */
const FULL_KB = 64;
