import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { EmbeddedHost } from './embedded-host.js';
import type { EmbeddedHostOptions } from './embedded-host-options.js';
import { endProcessesOf } from './end-processes.js';
import { generateKey } from './generate-key.js';
import { removeHomes } from './remove-homes.js';

export interface EmbeddedPoolOptions extends EmbeddedHostOptions {
  /** Names of the hosts, each an alias in the pool's ssh_config. @default host1 … host<count> */
  readonly names?: readonly string[];
  /** How many hosts, when no names are given. @default 1 */
  readonly count?: number;
  /** Directory that holds one home for each host and is kept afterwards. @default a temporary one, removed by close() */
  readonly homes?: string;
  /** What single hosts do otherwise, by name. */
  readonly hostOptions?: Readonly<Record<string, EmbeddedHostOptions>>;
}

/** SSH hosts in this process, and all a client needs to reach them. */
export interface EmbeddedPool {
  readonly hosts: readonly EmbeddedHost[];
  /** An ssh_config that names each host; hand it to `SshNetwork` as `configFile`, or to `ssh -F`. */
  readonly sshConfig: string;
  /** The known_hosts file with the hosts' keys. */
  readonly knownHosts: string;
  /** The private key that may log in. */
  readonly identity: string;
  /** Cuts the connections, ends every process that still runs in the homes, and removes what is temporary. */
  close(): Promise<void>;
}

/**
 * Starts SSH servers on loopback, each with a home, a host key and a port of its own, that run real commands and serve
 * real files as the current user. Needs nothing but Node and a shell: for tests without a cluster, and for trying things out.
 */
export async function startEmbeddedHosts(options: EmbeddedPoolOptions = {}): Promise<EmbeddedPool> {
  const names = options.names ?? Array.from({ length: options.count ?? 1 }, (_, index) => `host${index + 1}`);
  const directory = await mkdtemp(join(tmpdir(), 'gpool-hosts-'));
  const homes = options.homes ?? join(directory, 'homes');
  const client = generateKey();
  const hosts = await Promise.all(
    names.map((name) => startHost(name, join(homes, name), client.publicKey, options)),
  );
  const files = await writeClientFiles(directory, hosts, client.privateKey);
  const close = async () => {
    await Promise.all(hosts.map((host) => host.close()));
    await endProcessesOf(hosts.map((host) => host.home));
    await removeHomes(directory);
  };
  return { hosts, ...files, close };
}

async function startHost(name: string, home: string, key: string, options: EmbeddedPoolOptions) {
  await mkdir(home, { recursive: true, mode: 0o700 });
  return EmbeddedHost.start({
    ...options,
    ...options.hostOptions?.[name],
    name,
    home,
    authorizedKeys: [key],
  });
}

async function writeClientFiles(directory: string, hosts: readonly EmbeddedHost[], privateKey: string) {
  const [identity, knownHosts, sshConfig] = ['identity', 'known_hosts', 'ssh_config'].map((file) =>
    join(directory, file),
  ) as [string, string, string];
  await writeFile(identity, privateKey, { mode: 0o600 });
  const known = hosts.map((host) => `[${host.address}]:${host.port} ${host.publicKey}\n`);
  await writeFile(knownHosts, known.join(''), { mode: 0o600 });
  const sections = hosts.map((host) => configSection(host, identity, knownHosts));
  await writeFile(sshConfig, sections.join('\n'), { mode: 0o600 });
  return { identity, knownHosts, sshConfig };
}

function configSection(host: EmbeddedHost, identity: string, knownHosts: string): string {
  return [
    `Host ${host.name}`,
    `  HostName ${host.address}`,
    `  Port ${host.port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile "${identity}"`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile "${knownHosts}"`,
    '  GlobalKnownHostsFile none',
    '',
  ].join('\n');
}
