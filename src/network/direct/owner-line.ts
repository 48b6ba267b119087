import { hostname, userInfo } from 'node:os';
import { escapeField } from './escape.js';

/** How long a host keeps what nobody touches: 30 days. Seconds. */
export const KEEP_SECS = 30 * 24 * 3600;

/** Whose a batch is, for the host's record of it: its time to live, the user, this machine, the batch's directory here. */
export function formatOwner(batchDirectory: string): string {
  return [String(KEEP_SECS), userName(), hostname(), batchDirectory].map(escapeField).join('\t');
}

/** An account without an entry has its number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
