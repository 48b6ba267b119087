import { SpecError } from '../errors.js';
import type { Host } from '../spec/host.js';
import { parseHosts } from '../spec/inventory/parse-hosts.js';
import { DirectNetwork, type DirectNetworkOptions } from './direct/direct-network.js';
import { createHostShell, type HostShellOptions } from './host-shell.js';

export interface SshNetworkOptions
  extends HostShellOptions,
    Pick<DirectNetworkOptions, 'cwd' | 'inputDigests' | 'batchDirectory' | 'clock' | 'random' | 'reconnect'> {
  /** Hosts as on the command line (`4/me@lab[01-12]:2222`, `:` for this machine) or as an inventory gives them. @default [] */
  readonly hosts?: readonly (string | Host)[];
  /**
   * Management nodes and their workers, which share a results directory: the workers run jobs, the key alone is asked for
   * status and never receives a job. @default none
   */
  readonly clusters?: Readonly<Record<string, readonly (string | Host)[]>>;
  /** gpool's directory on every host. @default what each host says, `~/.gjob` */
  readonly resultsDir?: string;
  /** Slots of every host. @default what each host says, its cores */
  readonly slots?: number;
  /** Niceness of jobs on every host, 0 to 19. @default what each host says, 10 */
  readonly nice?: number;
}

/** Bare hosts over SSH: a DirectNetwork with its hosts and Shells chosen, nothing else. */
export class SshNetwork extends DirectNetwork {
  /** @throws SpecError E_HOST_SYNTAX, E_NO_HOST, or E_INVENTORY for a host that is listed twice. */
  constructor(options: SshNetworkOptions) {
    super({ ...options, ...planHosts(options), openShell: (host) => createHostShell(host, options) });
  }
}

function planHosts(options: SshNetworkOptions): { hosts: Host[]; managers: Host[] } {
  const hosts = readHosts(options.hosts ?? []);
  const managers: Host[] = [];
  for (const [key, workers] of Object.entries(options.clusters ?? {})) {
    const [manager] = readHosts([key]);
    if (!manager) continue;
    managers.push(manager);
    hosts.push(...readHosts(workers).map((worker) => ({ ...worker, managedBy: manager.name })));
  }
  checkHosts(hosts, managers);
  const settle = (host: Host) => withSettings(host, options);
  return { hosts: hosts.map(settle), managers: managers.map(settle) };
}

function withSettings(host: Host, { resultsDir, slots, nice }: SshNetworkOptions): Host {
  return {
    ...host,
    ...(resultsDir !== undefined && { root: resultsDir }),
    ...(slots !== undefined && { slots: { kind: 'count', count: slots } }),
    ...(nice !== undefined && { nice }),
  };
}

function readHosts(listed: readonly (string | Host)[]): Host[] {
  const texts = listed.filter((host) => typeof host === 'string');
  const described = listed.filter((host) => typeof host !== 'string');
  return [...(texts.length > 0 ? parseHosts(texts) : []), ...described];
}

function checkHosts(hosts: readonly Host[], managers: readonly Host[]): void {
  if (hosts.length === 0) throw new SpecError('E_NO_HOST', { what: 'no host is named', where: 'SshNetwork' });
  const names = [...hosts, ...managers].map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  const next = 'List each host once; a management node runs no jobs.';
  throw new SpecError('E_INVENTORY', { what: 'the host is listed twice', where: twice, next });
}
