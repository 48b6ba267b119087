import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * The process of this account that listens at an abstract socket name (Linux), by the system's own books: it may be stopped,
 * or too busy to say so itself. Null when there is none, or when it is not ours to see.
 */
export async function findListener(name: string): Promise<number | null> {
  const sockets = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  // A name that is filled up with NULs is shown with as many @ at its end.
  const named = sockets.split('\n').filter((line) => line.replace(/@+$/, '').endsWith(` @${name}`));
  const listening = named.find((line) => LISTENS.test(line));
  // Num RefCount Protocol Flags Type St Inode Path
  const inode = listening?.split(/\s+/)[6];
  if (inode === undefined) return null;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (/^\d+$/.test(pid) && (await holds(pid, `socket:[${inode}]`))) return Number(pid);
  }
  return null;
}

async function holds(pid: string, what: string): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')));
  return links.includes(what);
}

/** The flag of a socket that accepts connections: those that it has accepted bear its name, too. */
const LISTENS = /^\S+ \S+ \S+ 00010000 /;
