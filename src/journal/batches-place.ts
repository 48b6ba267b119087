import { lstat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { TRUST_VARIABLE } from './private-file.js';
import { ownAccounts } from './trust-path.js';

/** Where batches go that name no directory: `batches/`, or `batches-<user>/` where that is somebody else's. */
export async function batchesPlace(cwd: string): Promise<string> {
  const usual = resolve(cwd, 'batches');
  const there = await lstat(usual).catch(() => null);
  const ours = there === null || ownAccounts().has(there.uid) || process.env[TRUST_VARIABLE] === '1';
  return ours ? usual : resolve(cwd, `batches-${userName()}`);
}

function userName(): string {
  try {
    return userInfo().username.replace(/[^A-Za-z0-9._-]/g, '_');
  } catch {
    return String(process.getuid?.() ?? 'me');
  }
}
