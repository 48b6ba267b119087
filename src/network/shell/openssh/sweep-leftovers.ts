import { lstat, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** How the private directory of a login is called: who made it, so that it can be swept when that one is gone. */
export function loginDirectoryPrefix(): string {
  return `gp-${process.pid}-`;
}

/**
 * Removes the private directories that killed processes of this account left in the temporary directory: those that are no longer new, whose maker
 * is gone, and where nobody listens. Never rejects.
 */
export async function sweepLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const path = join(parent, name);
    if (NAMES.test(name) && (await isLeft(path, name).catch(() => false)))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isLeft(path: string, name: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) return false;
  if (Date.now() - found.mtimeMs < NEW_MS) return false;
  const [, pid] = NAMES.exec(name) ?? [];
  if (pid !== undefined && isAlive(Number(pid))) return false;
  // Its maker may live in another container that has the same temporary directory.
  const heard = await Promise.all(['m', 'a'].map((socket) => listens(join(path, socket))));
  return !heard.includes(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => tell(true)).once('error', () => tell(false));
  });
}

/** `gp-<pid>-<random>`, and `gp-<random>` of releases before. */
const NAMES = /^gp-(?:(\d+)-)?[A-Za-z0-9]{6}$/;
const NEW_MS = 600_000;
