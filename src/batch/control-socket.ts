import { once } from 'node:events';
import { chmod, lstat, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TRUST_VARIABLE } from '../journal/private-file.js';
import { ownAccounts } from '../journal/trust-path.js';

/** The socket in a batch's directory. */
export const SOCKET_NAME = 'control.sock';
const ASIDE = '.control-';

/**
 * Listens at `<directory>/control.sock`, for the owner only. It is made aside and moved into place, so that nobody connects
 * before its mode is set, and what a dead controller left is replaced. The caller holds the batch.
 */
export async function listenAt(server: Server, directory: string): Promise<void> {
  // One that was killed between the two left its own.
  for (const name of await readdir(directory))
    if (name.startsWith(ASIDE)) await rm(join(directory, name), { recursive: true, force: true });
  const aside = await mkdtemp(join(directory, ASIDE));
  try {
    const path = join(aside, 's');
    await withShortPath(path, async (address) => {
      server.listen(address);
      await once(server, 'listening');
    });
    await chmod(path, 0o600);
    await rename(path, join(directory, SOCKET_NAME));
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** A connection to the controller of a batch; null when nobody listens there. Rejects when it cannot be tried. */
export async function connectTo(directory: string): Promise<Socket | null> {
  if (!(await isOurs(join(directory, SOCKET_NAME)))) return null;
  try {
    return await withShortPath(join(directory, SOCKET_NAME), async (address) => {
      const socket = connect(address);
      await once(socket, 'connect');
      return socket;
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOBODY.has(error.code)) return null;
    throw error;
  }
}

/** Whoever else made a socket there has nothing to tell us. */
async function isOurs(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found !== null && (ownAccounts().has(found.uid) || process.env[TRUST_VARIABLE] === '1');
}

/** The system takes no socket path over some hundred bytes: a longer one is reached through a short link to its directory. */
async function withShortPath<T>(path: string, act: (address: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return act(path);
  const links = await mkdtemp(join(tmpdir(), 'gpool-'));
  try {
    await symlink(dirname(path), join(links, 'd'));
    return await act(join(links, 'd', path.slice(dirname(path).length + 1)));
  } finally {
    await rm(links, { recursive: true, force: true });
  }
}

/** No socket, nobody at it, no directory. */
const NOBODY: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);
/** 108 on Linux, 104 on others, with the closing NUL. */
const LONGEST_PATH = 100;
