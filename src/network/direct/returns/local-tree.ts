import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError } from '../../../errors.js';

/**
 * A directory on this machine that what comes from a host is written into: below it only, never through a symbolic
 * link, under temporary names until whole. Directories 0700, files as told.
 */
export class LocalTree {
  readonly #made = new Map<string, Promise<void>>();

  constructor(readonly top: string) {}

  /** Makes the directory `path` and those above it; refuses a link or a file in the way. */
  makeDirectory(path: string): Promise<void> {
    const made = this.#made.get(path) ?? this.#makeDirectory(path);
    this.#made.set(path, made);
    return made;
  }

  async #makeDirectory(path: string): Promise<void> {
    if (path !== '.') await this.makeDirectory(dirname(path));
    const full = join(this.top, path);
    await guarded(full, async () => {
      const isNew = await (path === '.' ? makeAll(full) : makeOne(full));
      if (!(await lstat(full)).isDirectory()) throw inTheWay(full);
      if (!isNew) await removeParts(full);
    });
  }

  /** Has `fill` write a new file at a temporary place, then gives it its mode and its name. Leaves nothing on failure. */
  placeFile(path: string, mode: number, fill: (part: string) => Promise<void>): Promise<void> {
    return this.#place(path, async (part) => {
      await fill(part);
      await setMode(part, mode);
    });
  }

  /** The same for a few bytes at hand; at once, for each trip to the thread pool takes longer than the writing. */
  async placeBytes(path: string, bytes: Buffer, mode = 0o600): Promise<void> {
    await this.makeDirectory(dirname(path));
    const full = join(this.top, path);
    const part = partOf(full);
    try {
      writeNew(part, bytes, mode);
      renameSync(part, full);
    } catch (error) {
      rmSync(part, { force: true });
      throw localFault(full, error);
    }
  }

  async #place(path: string, fill: (part: string) => Promise<void>): Promise<void> {
    await this.makeDirectory(dirname(path));
    const full = join(this.top, path);
    const part = partOf(full);
    try {
      await fill(part);
      await rename(part, full);
    } catch (error) {
      await rm(part, { force: true });
      throw localFault(full, error);
    }
  }

  async placeLink(path: string, target: string): Promise<void> {
    await this.makeDirectory(dirname(path));
    const full = join(this.top, path);
    await guarded(full, async () => {
      await unlink(full).catch(ignoreMissing);
      await symlink(target, full);
    });
  }

  /** Last of all: a directory without write permission could not be filled. */
  async setDirectoryMode(path: string, mode: number): Promise<void> {
    await guarded(path, () => chmod(join(this.top, path), mode | 0o700));
  }
}

/** The mode comes last: one without write permission could not be filled. */
function writeNew(part: string, bytes: Buffer, mode: number): void {
  const file = openSync(part, 'wx', 0o600);
  try {
    writeFileSync(file, bytes);
    if (mode !== 0o600) fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/** A temporary name beside a file's own. */
function partOf(path: string): string {
  return join(dirname(path), `${PART}${randomBytes(9).toString('hex')}`);
}

/** Opened without following links, so that the mode lands on what was just written. */
async function setMode(part: string, mode: number): Promise<void> {
  const file = await open(part, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** Says of a full disk what it is; hands everything else on. */
async function guarded<T>(where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw localFault(where, cause);
  }
}

/** A failed write on this machine says so as an E_LOCAL_DISK, also when a Shell reports it; anything else stays what it is. */
function localFault(where: string, cause: unknown): unknown {
  const inner = errorCode(cause instanceof Error ? cause.cause : undefined);
  const code = FULL.has(inner) ? inner : errorCode(cause);
  if (IN_THE_WAY.has(code)) return inTheWay(where);
  if (!FULL.has(code) && !DENIED.has(code)) return cause;
  return new JobError('E_LOCAL_DISK', { what: `cannot write the file (${code})`, where, cause });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function inTheWay(where: string): JobError {
  return new JobError('E_OUTPUT_UNSAFE', { what: 'something else of that name is in the way', where });
}

/** What a controller that was killed while it fetched has left; one that fetches here is the only one. */
async function removeParts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (PART_NAME.test(name)) await rm(join(directory, name), { force: true });
  }
}

/** Answers whether it was not there before; so does `makeOne`. */
async function makeAll(directory: string): Promise<boolean> {
  return (await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined;
}

async function makeOne(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

const PART = '.part-';
const PART_NAME = /^\.part-[0-9a-f]{18}$/;
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const DENIED = new Set(['EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENAMETOOLONG']);
const IN_THE_WAY = new Set(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'ELOOP']);
