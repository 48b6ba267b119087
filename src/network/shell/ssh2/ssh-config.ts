import { HostError } from '../../../errors.js';
import type { SshDestination } from '../../../spec/host.js';
import { askSsh, checkName, type ResolveOptions, saysAsk } from './ask-ssh.js';
import { refuseUnknownGuards, targetFromConfig } from './ssh-config-values.js';
import type { SshTarget } from './ssh-target.js';

/**
 * Resolves a destination as `ssh` itself would: through `ssh -G`.
 *
 * @throws HostError E_SSH_CONFIG for a name that is no host name, and for a configuration that cannot be read.
 */
export async function resolveTarget(
  destination: SshDestination,
  options: ResolveOptions = {},
): Promise<SshTarget> {
  if (destination.user !== undefined) checkName('user name', destination.user);
  const values = await askSsh(destination, options);
  for (const user of values.get('user') ?? []) checkName('user name', user);
  for (const host of values.get('hostname') ?? []) checkName('host name', host);
  const target = targetFromConfig(destination, values);
  refuseUnknownGuards(values, target.where);
  // Whoever wrote `ask` down wants no key taken unseen, and here nobody can be asked.
  const asks = target.hostKeyChecking === 'ask' && saysAsk(options.configFile);
  return asks ? { ...target, hostKeyChecking: 'yes' } : target;
}

/** Splits `[user@]host[:port]` or `ssh://[user@]host[:port]`, as ProxyJump has it. */
export function parseHop(hop: string): SshDestination {
  const match =
    /^(?:ssh:\/\/)?(?:(?<user>[^@]+)@)?(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d+))?$/.exec(
      hop.replace(/\/$/, ''),
    );
  const { user, v6, name, port } = match?.groups ?? {};
  const address = v6 ?? name;
  if (address === undefined) throw configError(hop, 'a ProxyJump entry is not [user@]host[:port]');
  return {
    kind: 'ssh',
    address,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  };
}

function configError(where: string, what: string, cause?: unknown): HostError {
  return new HostError('E_SSH_CONFIG', { what, where, cause });
}
