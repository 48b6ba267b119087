import { type HostDefaults, PLAIN_DEFAULTS } from '../spec/inventory/inventory.js';
import { parseWhole } from './parse-whole.js';

/** What a host has of which neither the inventory nor the batch file says anything. Throws E_USAGE. */
export function hostDefaults({ nice }: { readonly nice?: string }): HostDefaults {
  return nice === undefined ? PLAIN_DEFAULTS : { ...PLAIN_DEFAULTS, nice: parseWhole('--nice', nice, 0, 19) };
}
