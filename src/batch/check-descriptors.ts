import { readFile } from 'node:fs/promises';
import { SpecError } from '../errors.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';

/**
 * Refuses a pool that needs more open files than this process may have: without them connections, journal and results would
 * fail one by one. Throws a SpecError (E_DESCRIPTORS). Where the limit cannot be read (not Linux) nothing is checked.
 */
export async function checkDescriptors(
  hosts: readonly Host[],
  { transport }: BatchOptions,
  limits = '/proc/self/limits',
): Promise<void> {
  const may = readLimit(await readFile(limits, 'utf8').catch(() => ''));
  const need = hosts.reduce((sum, host) => sum + neededFor(host, transport), RESERVE);
  if (may === null || need <= may) return;
  throw new SpecError('E_DESCRIPTORS', {
    what: `${hosts.length} hosts may need ${need} open files at once, this process may have ${may}`,
    where: 'this machine',
  });
}

/** The soft limit: Node has raised it to the hard one. Null when there is none. */
function readLimit(text: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** A login and a second one where sessions are scarce; or the pipes of the processes that speak for the host. */
function neededFor({ via }: Host, transport: BatchOptions['transport']): number {
  return via.kind === 'ssh' && transport !== 'openssh' ? 2 : 12;
}

/** Journal, logs, sockets, and the files on their way. */
const RESERVE = 64;
