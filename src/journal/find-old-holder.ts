import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';

/**
 * The process of the release before that runs the batch in this directory, null when there is none. That one held a batch by an abstract
 * socket name (Linux). Anybody could take such a name, so that only a process of this account, or of the directory's owner, counts.
 */
export async function findOldHolder(directory: string): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const { dev, ino, uid } = await stat(directory);
  const name = `gpool-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
  const inode = await findListener(name);
  if (inode === null) return null;
  const owners = new Set([uid, process.geteuid?.()]);
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await holds(pid, `socket:[${inode}]`))) continue;
    const owner = await stat(`/proc/${pid}`).catch(() => null);
    if (owner && owners.has(owner.uid)) return Number(pid);
  }
  return null;
}

/** The inode of the socket that listens at an abstract name, by the system's own books. */
async function findListener(name: string): Promise<string | null> {
  const sockets = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  // A name that is filled up with NULs is shown with as many @ at its end.
  const named = sockets.split('\n').filter((line) => line.replace(/@+$/, '').endsWith(` @${name}`));
  // Num RefCount Protocol Flags Type St Inode Path
  return named.find((line) => LISTENS.test(line))?.split(/\s+/)[6] ?? null;
}

async function holds(pid: string, what: string): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')));
  return links.includes(what);
}

/** The flag of a socket that accepts connections: those that it has accepted bear its name, too. */
const LISTENS = /^\S+ \S+ \S+ 00010000 /;
