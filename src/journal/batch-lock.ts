import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { StateError } from '../errors.js';
import { quote } from '../spec/quote.js';
import type { BatchDirectory } from './batch-directory.js';
import { findOldHolder } from './find-old-holder.js';
import {
  BEGUN,
  formatLock,
  type LockFile,
  type LockHolder,
  lockPath,
  RELEASED,
  readNewestLock,
  removeOlderLocks,
} from './lock-file.js';
import { isErrno } from './private-file.js';
import { findPresence, identifySelf } from './process-identity.js';

/** A batch that this process holds: no other one may run it meanwhile. */
export interface BatchLock {
  release(): void;
}

type Place = Pick<BatchDirectory, 'path'>;

/**
 * Holds a batch until `release`, or until this process ends in whatever way: then whoever comes next sees that its process is gone. The
 * lock is a file in the batch's directory, `lock.<number>`, that is made by a hard link and so at once. Who takes a batch over makes the
 * next number, which exactly one can; the newest number counts.
 *
 * @throws StateError (E_BATCH_HELD) that names the process that has it.
 */
export async function lockBatch({ path }: Place): Promise<BatchLock> {
  const self = { ...(await identifySelf()), user: userName() };
  const mine = join(path, `${BEGUN}${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await writeMine(mine, self);
    for (;;) {
      const newest = await readNewestLock(path);
      await refuseHolder(path, newest);
      const number = (newest?.number ?? 0) + 1;
      if (!(await claim(mine, lockPath(path, number), self))) continue;
      if ((await readNewestLock(path))?.number === number) return hold(path, number);
      // It was given and let go long since, and newer ones made: that was not the next number.
      await rm(lockPath(path, number), { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** Who holds a batch, in words; null when nobody does. Changes nothing. */
export async function findBatchHolder({ path }: Place): Promise<string | null> {
  const found = await findHolder(path, await readNewestLock(path));
  return found?.who ?? null;
}

async function refuseHolder(path: string, newest: LockFile | null): Promise<void> {
  const found = await findHolder(path, newest);
  if (!found) return;
  const what = `the batch is run by ${found.who}`;
  const next = found.elsewhere
    ? `Whether it still runs cannot be seen from here. When it does not: \`rm ${quote(found.elsewhere)}\`, and again.`
    : undefined;
  throw new StateError('E_BATCH_HELD', { what, where: path, ...(next && { next }) });
}

async function findHolder(path: string, newest: LockFile | null) {
  const { holder } = newest ?? {};
  const presence = holder ? await findPresence(holder) : 'gone';
  if (newest && holder && presence !== 'gone')
    return { who: describe(holder), elsewhere: presence === 'elsewhere' ? newest.path : null };
  const old = await findOldHolder(path);
  return old === null ? null : { who: `process ${old} of an older gpool`, elsewhere: null };
}

function describe({ pid, host, user }: LockHolder): string {
  return `process ${pid} on ${host.slice(0, 100)} (${user.slice(0, 100)})`;
}

async function writeMine(mine: string, self: LockHolder): Promise<void> {
  const file = await open(mine, 'wx', 0o600);
  try {
    // Not synced: after a power cut it holds nothing anyhow.
    await file.writeFile(formatLock(self));
  } finally {
    await file.close();
  }
}

/** Whether the lock is ours now; not when another one made it. */
async function claim(mine: string, lock: string, self: LockHolder): Promise<boolean> {
  try {
    await link(mine, lock);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return isSame(mine, lock);
    if (NO_LINKS.some((code) => isErrno(error, code))) return claimAlone(lock, self);
    throw error;
  }
}

/** NFS may answer that it is there when the first answer was lost. */
async function isSame(mine: string, lock: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(mine), stat(lock).catch(() => null)]);
  return one.nlink > 1 && one.ino === other?.ino && one.dev === other.dev;
}

/** Where there are no hard links: exclusive, too, but not whole at once. A reader waits a moment for the rest. */
async function claimAlone(lock: string, self: LockHolder): Promise<boolean> {
  try {
    await writeMine(lock, self);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

async function hold(directory: string, number: number): Promise<BatchLock> {
  // Kept open: it can be let go of without a free descriptor.
  const file = openSync(lockPath(directory, number), 'a');
  await removeOlderLocks(directory, number).catch(() => undefined);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      try {
        writeSync(file, RELEASED);
      } catch {
        // The disk is full: our end will say the same.
      }
      closeSync(file);
    },
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** What file systems without hard links say. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];
