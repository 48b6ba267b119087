import { execFile } from 'node:child_process';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from './private-file.js';

/** The part of a file's status that says who can change it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  isSymbolicLink(): boolean;
}

/** The accounts that are ours: the process's own, and whose it is that became root by sudo. */
export function ownAccounts(): ReadonlySet<number> {
  const own = process.geteuid?.() ?? 0;
  const sudo = Number(process.env.SUDO_UID ?? 'none');
  return new Set(own === 0 && Number.isInteger(sudo) ? [own, sudo] : [own]);
}

/**
 * Why an account other than root and ours could put something else in the place of this path, or of a directory on the way to it; null
 * when none can. Links are looked at before they are followed; what does not exist yet is passed over.
 */
export async function findStranger(path: string): Promise<string | null> {
  let at = '/';
  let rest = resolve(path).split('/');
  for (let links = 0; ; ) {
    const found = await lookAt(at);
    if (found === null) return null;
    const reason = await judgePlace(at, found);
    if (reason !== null) return reason;
    if (found.isSymbolicLink()) {
      if (++links > MOST_LINKS) return `${path} leads through too many links`;
      rest = [...resolve(dirname(at), await readlink(at)).split('/'), ...rest];
      at = '/';
    }
    const name = rest.shift();
    if (name === undefined) return null;
    at = join(at, name);
  }
}

/** Why this file or directory is not only in our hands; null when it is. */
export async function judgePlace(path: string, found: Ownership): Promise<string | null> {
  const { uid, gid, mode } = found;
  const others = found.isSymbolicLink() ? 0 : mode & 0o022;
  const squashed = uid === (await overflowAccount()) && others === 0;
  if (uid !== 0 && !ownAccounts().has(uid) && !squashed)
    return `${path} belongs to ${await nameAccount(uid)}`;
  if (others === 0 || (mode & 0o1000) !== 0) return null;
  if ((mode & 0o002) === 0 && (await isPrivateGroup(gid, path))) return null;
  return `${path} can be written by others`;
}

/** An account's name, or its number where it has none. */
export async function nameAccount(uid: number): Promise<string> {
  const { stdout } = await run('id', ['-nu', String(uid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() || `the account ${uid}`;
}

async function lookAt(path: string): Promise<Ownership | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EACCES') || isErrno(error, 'ENOTDIR')) return null;
    throw error;
  }
}

/** A group of our account's name with nobody else in it, and no list of further accounts beside the mode. */
async function isPrivateGroup(gid: number, path: string): Promise<boolean> {
  const { gid: own, username } = userInfo();
  if (gid !== own) return false;
  const [name, , , members = ''] = (await readGroup(gid)).trim().split(':');
  if (name !== username || (members !== '' && members !== username)) return false;
  const accounts = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const shared = accounts.some((line) => {
    const [account, , , primary] = line.split(':');
    return primary === String(gid) && account !== username;
  });
  const { stdout } = await run('ls', ['-ld', path]).catch(() => ({ stdout: '' }));
  return !shared && stdout[10] !== '+';
}

async function readGroup(gid: number): Promise<string> {
  const { stdout } = await run('getent', ['group', String(gid)]).catch(() => ({ stdout: '' }));
  return stdout;
}

/** Whom the kernel names where it has no number for an account: root outside of a user namespace, root on an NFS server. */
async function overflowAccount(): Promise<number> {
  const text = await readFile('/proc/sys/kernel/overflowuid', 'utf8').catch(() => '');
  return Number(text) || 65_534;
}

const MOST_LINKS = 40;
const run = promisify(execFile);
