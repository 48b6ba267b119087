import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { StateError } from '../errors.js';
import { TRUST_VARIABLE } from './private-file.js';
import { findStranger, judgePlace, nameAccount, ownAccounts } from './trust-path.js';

/**
 * Makes sure that nobody but us and root decides what this batch is: the directory, its files, and the way that `named` leads there by. To
 * be called before a batch is acted upon: what it says is run as us.
 *
 * @throws StateError (E_BATCH_OWNER) that names the place.
 */
export async function requireOwnBatch(named: string): Promise<void> {
  if (process.env[TRUST_VARIABLE] === '1') return;
  const reason = (await findStranger(named)) ?? (await findForeign(await realpath(named)));
  if (reason !== null) throw new StateError('E_BATCH_OWNER', { what: reason, where: named });
}

/**
 * The same of a directory that does not hold a batch yet, or does not exist.
 *
 * @throws StateError (E_BATCH_OWNER) that names the place.
 */
export async function requireOwnPlace(path: string): Promise<void> {
  if (process.env[TRUST_VARIABLE] === '1') return;
  const reason = await findStranger(path);
  if (reason !== null) throw new StateError('E_BATCH_OWNER', { what: reason, where: path });
}

/** Whose a batch is, or who else could change it, in words; null when it is in our hands alone. */
export async function findOwner(directory: string): Promise<string | null> {
  if (process.env[TRUST_VARIABLE] === '1') return null;
  const { uid } = await lstat(directory);
  if (!ownAccounts().has(uid)) return `it belongs to ${await nameAccount(uid)}`;
  return (await findStranger(directory)) ?? (await findForeign(directory));
}

/** Root's are no reason: root may do what it likes anyhow. But a batch of an account that root was not asked by is one. */
async function findForeign(directory: string): Promise<string | null> {
  const places = [directory, ...(await readdir(directory)).map((name) => join(directory, name))];
  for (const place of places) {
    const found = await lstat(place).catch(() => null);
    const reason = found && (await judgePlace(place, found));
    if (reason) return reason;
    if (found?.isSymbolicLink()) {
      const beyond = await findStranger(place);
      if (beyond !== null) return beyond;
    }
  }
  return null;
}
