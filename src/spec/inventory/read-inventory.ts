import { readFile } from 'node:fs/promises';
import { SpecError } from '../../errors.js';
import { decodeText } from '../decode-text.js';
import type { Host } from '../host.js';
import { EMPTY_INVENTORY, type HostDefaults, type Inventory, PLAIN_DEFAULTS } from './inventory.js';
import { parseHosts } from './parse-hosts.js';

/**
 * Reads a hosts file: YAML when it ends in `.yaml` or `.yml`, else text as GNU parallel's sshlogin files. Throws one
 * SpecError that lists every mistake with file and line. `base` is what a host has of which the file says nothing.
 */
export async function readInventory(path: string, base: HostDefaults = PLAIN_DEFAULTS): Promise<Inventory> {
  const text = await readText(path);
  // Loaded only where it is needed: a command starts the sooner for it.
  if (/\.ya?ml$/i.test(path)) return (await import('./hosts-yaml.js')).parseHostsYaml(text, path, base);
  const inventory = { ...EMPTY_INVENTORY, defaults: base };
  return { ...inventory, hosts: parseHosts(text, path, inventory) };
}

/** All hosts of a hosts file. */
export async function readHostsFile(path: string): Promise<readonly Host[]> {
  const { hosts } = await readInventory(path);
  return hosts;
}

async function readText(path: string): Promise<string> {
  try {
    return decodeText(await readFile(path), path, 'E_INVENTORY');
  } catch (cause) {
    if (cause instanceof SpecError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpecError('E_INVENTORY', {
      what: `the hosts file cannot be read: ${reason}`,
      where: path,
      next: 'Check the path given with --slf.',
      cause,
    });
  }
}
