import type { SshDestination } from '../../../spec/host.js';
import type { SshOptions } from '../ssh-options.js';
import { askSsh } from '../ssh2/ask-ssh.js';
import { findEntries } from '../ssh2/known-hosts.js';
import { readKnownHosts } from '../ssh2/known-hosts-file.js';
import { parseHop } from '../ssh2/ssh-config.js';
import { targetFromConfig } from '../ssh2/ssh-config-values.js';
import type { SshTarget } from '../ssh2/ssh-target.js';
import type { HostKeyRule, UserSettings } from './ssh-arguments.js';

/**
 * Reads what the user's configuration says about a destination and its jump hosts, where our own policy stands behind it in
 * `configFile`. The stricter of the two holds: what the user set, but for `no`.
 *
 * @throws HostError E_SSH_CONFIG when `ssh` cannot read it.
 */
export async function readUserSettings(
  destination: SshDestination,
  configFile: string,
  options: SshOptions,
): Promise<UserSettings> {
  const way = await resolveWay(destination, configFile, 0);
  const { connectTimeoutMs, keepaliveMs, keepaliveCount } = way[0]?.target ?? {};
  return {
    rules: way.flatMap(ruleFor),
    connectTimeoutMs: options.connectTimeoutMs ?? connectTimeoutMs ?? 20_000,
    keepaliveMs: options.keepaliveMs ?? keepaliveMs ?? 15_000,
    keepaliveCount: options.keepaliveCount ?? keepaliveCount ?? 3,
  };
}

interface Stop {
  readonly name: string;
  readonly target: SshTarget;
}

/** The destination and the hosts that the way to it leads through; the first hop's own configuration may name another. */
async function resolveWay(
  destination: SshDestination,
  configFile: string,
  depth: number,
): Promise<readonly Stop[]> {
  const target = targetFromConfig(destination, await askSsh(destination, { configFile }));
  const here = { name: destination.address, target };
  if (target.proxy.kind !== 'jump' || depth >= MOST_HOPS) return [here];
  const hops = target.proxy.hops.map((hop) => resolveWay(parseHop(hop), configFile, depth + 1));
  return [here, ...(await Promise.all(hops)).flat()];
}

function ruleFor({ name, target }: Stop): HostKeyRule[] {
  if (target.hostKeyChecking === 'no') return [{ name, check: 'accept-new' }];
  return target.hostKeyChecking === 'accept-new' && isVouchedFor(target) ? [{ name, check: 'yes' }] : [];
}

/** Where an authority vouches for a host, a key that nobody has vouched for is not just new. */
function isVouchedFor({ userKnownHosts, globalKnownHosts, hostKeyName, hostName }: SshTarget): boolean {
  const files = [...userKnownHosts, ...globalKnownHosts].map(readKnownHosts);
  const entries = [hostKeyName, hostName.toLowerCase()].flatMap((name) => findEntries(files, name));
  return entries.some(({ marker }) => marker === 'cert-authority');
}

const MOST_HOPS = 8;
