import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, symlink, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError } from '../../../errors.js';
import { errnoOf, localFault } from '../../shell/local-fault.js';

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
  placeFile(path: string, look: Look, fill: (part: string) => Promise<void>): Promise<void> {
    return this.#place(path, async (part) => {
      await fill(part);
      await setLook(part, look);
    });
  }

  /** The same for a few bytes at hand; at once, for each trip to the thread pool takes longer than the writing. */
  async placeBytes(path: string, bytes: Buffer, look: Look = { mode: 0o600, mtime: null }): Promise<void> {
    await this.makeDirectory(dirname(path));
    const full = join(this.top, path);
    const part = partOf(full);
    try {
      writeNew(part, bytes, look);
      renameSync(part, full);
    } catch (error) {
      leaveNoPart(part);
      throw treeFault(full, error);
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
      await rm(part, { force: true }).catch(() => {}); // the next fetch removes it
      throw treeFault(full, error);
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

  /** Last of all: a directory without write permission could not be filled, and what is put into one changes its time. */
  async setDirectoryLook(path: string, { mode, mtime }: Look): Promise<void> {
    const full = join(this.top, path);
    await guarded(path, async () => {
      await chmod(full, mode | 0o700);
      if (mtime !== null) await utimes(full, mtime, mtime);
    });
  }
}

/** Permissions, and when it was last written, in seconds since 1970; null for now. */
export interface Look {
  readonly mode: number;
  readonly mtime: number | null;
}

/** The mode comes last: one without write permission could not be filled. */
function writeNew(part: string, bytes: Buffer, { mode, mtime }: Look): void {
  const file = openSync(part, 'wx', 0o600);
  try {
    writeFileSync(file, bytes);
    if (mtime !== null) futimesSync(file, mtime, mtime);
    if (mode !== 0o600) fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/** A temporary name beside a file's own. */
function partOf(path: string): string {
  return join(dirname(path), `${PART}${randomBytes(9).toString('hex')}`);
}

/** A disk that takes nothing may not even remove; the next fetch does. */
function leaveNoPart(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {}
}

/** Opened without following links, so that this lands on what was just written. */
async function setLook(part: string, { mode, mtime }: Look): Promise<void> {
  const file = await open(part, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (mtime !== null) await file.utimes(mtime, mtime);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** Says of a write that failed here what it is; hands everything else on. */
async function guarded<T>(where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw treeFault(where, cause);
  }
}

/** Something of that name is in the way, or the write failed; what is no error of this machine stays what it is. */
function treeFault(where: string, cause: unknown): unknown {
  return IN_THE_WAY.has(errnoOf(cause)) ? inTheWay(where) : localFault(cause, where);
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

/** Answers whether it was not there before; so does `makeOne`. Each by itself: all at once would hide why one cannot be made. */
async function makeAll(directory: string): Promise<boolean> {
  try {
    return await makeOne(directory);
  } catch (error) {
    const parent = dirname(directory);
    if (errnoOf(error) !== 'ENOENT' || parent === directory) throw error;
    await makeAll(parent);
    return makeOne(directory);
  }
}

async function makeOne(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

const PART = '.part-';
const PART_NAME = /^\.part-[0-9a-f]{18}$/;
const IN_THE_WAY = new Set(['ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EEXIST', 'ELOOP']);
