import type { Stats } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GpoolError, StateError } from '../errors.js';

/** Only for its owner, whatever the umask. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Makes a directory (0700) that must not exist; throws what `mkdir` throws. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: DIRECTORY_MODE });
  // The umask may have taken bits of the owner.
  await chmod(path, DIRECTORY_MODE);
  checkPrivate(path, await stat(path));
  await syncDirectory(dirname(path));
}

/** Makes an empty file (0600) that must not exist, and makes its name last through a power cut. */
export async function makePrivateFile(path: string): Promise<void> {
  const handle = await open(path, 'wx', FILE_MODE);
  try {
    await handle.chmod(FILE_MODE);
    checkPrivate(path, await handle.stat());
  } finally {
    await handle.close();
  }
  await syncDirectory(dirname(path));
}

/** Some file systems have one mode for all, and then what was asked for does not hold. */
function checkPrivate(path: string, { mode }: Stats): void {
  if ((mode & 0o077) === 0 || process.env[TRUST_VARIABLE] === '1') return;
  throw new StateError('E_BATCH_OWNER', {
    what: 'others can read what is made there, for modes do not hold on its file system',
    where: path,
  });
}

/** The variable that says yes to batches that are in other hands, too. */
export const TRUST_VARIABLE = 'GPOOL_TRUST_BATCH';

/** Puts a whole file (0600) in place at once: a reader sees the old one or the new one. */
export async function replaceFile(path: string, chunks: Iterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  try {
    await writeWhole(temporary, chunks);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
  const handle = await open(path, 'w', FILE_MODE);
  try {
    await handle.chmod(FILE_MODE);
    checkPrivate(path, await handle.stat());
    for (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether this is the system's error of that name. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Runs `write`; what the system refuses becomes a StateError (E_BATCH_WRITE) about `where`. */
export async function explainWrites<T>(where: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof GpoolError) throw error;
    const what = error instanceof Error ? error.message : String(error);
    throw new StateError('E_BATCH_WRITE', { what, where, cause: error });
  }
}
