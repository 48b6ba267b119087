import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isErrno } from './private-file.js';
import { findPresence, type ProcessIdentity } from './process-identity.js';

/** A lock file as it was read. The one with the highest number tells who holds the batch. */
export interface LockFile {
  readonly number: number;
  readonly path: string;
  /** Null when it was let go, or its writer died before it was whole. */
  readonly holder: LockHolder | null;
}

export interface LockHolder extends ProcessIdentity {
  readonly user: string;
}

/** `lock.<number>` in a batch's directory. */
export function lockPath(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}

/** The text of a lock file. */
export function formatLock(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

/** The newest lock of a batch; null when there has been none. Changes nothing. */
export async function readNewestLock(directory: string): Promise<LockFile | null> {
  for (;;) {
    const number = Math.max(0, ...(await listLocks(directory)));
    if (number === 0) return null;
    const path = lockPath(directory, number);
    const holder = await readHolder(path);
    // Gone since it was listed: there is a newer one.
    if (holder !== undefined) return { number, path, holder };
  }
}

/** Removes what newer locks have made needless. The newest stays for ever, so that no number is given twice. */
export async function removeOlderLocks(directory: string, number: number): Promise<void> {
  for (const older of await listLocks(directory))
    if (older < number) await rm(lockPath(directory, older), { force: true });
  // What those left that were killed while they made one.
  for (const name of await readdir(directory))
    if (name.startsWith(BEGUN) && (await isLitter(join(directory, name))))
      await rm(join(directory, name), { force: true });
}

/** Of a process that is gone; that of one which did not come to write its name, or is on another machine, once it is old. */
async function isLitter(path: string): Promise<boolean> {
  const [line = '', rest] = (await readSome(path))?.split('\n') ?? [];
  const holder = rest === undefined ? null : parseHolder(line);
  if (holder !== null && (await findPresence(holder)) === 'gone') return true;
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > OLD_MS;
}

async function listLocks(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => {
    const [, number] = /^lock\.(\d{1,15})$/.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
}

/** Undefined when the file is not there any more. */
async function readHolder(path: string): Promise<LockHolder | null | undefined> {
  for (let tries = 1; ; tries += 1) {
    const text = await readSome(path);
    if (text === undefined) return undefined;
    const [line = '', rest] = text.split('\n');
    if (rest !== undefined) return rest === RELEASED ? null : parseHolder(line);
    // Without hard links it is not made at once.
    if (tries === MOST_TRIES) return null;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function readSome(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, MOST_BYTES)), 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Null when it is none of ours: nobody holds a batch by writing anything. */
function parseHolder(line: string): LockHolder | null {
  try {
    return SCHEMA.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

const text = z.string().min(1).max(300);
const SCHEMA = z.object({
  machine: text,
  host: text,
  boot: text,
  space: text,
  pid: z.number().int().positive(),
  start: text,
  user: text,
});

/** How the name of a lock begins that is being made. */
export const BEGUN = '.lock-';
const OLD_MS = 600_000;
/** Appended by whoever lets go. */
export const RELEASED = 'released';
const MOST_BYTES = 4096;
const MOST_TRIES = 40;
const AGAIN_MS = 50;
