import { createHost, PLAIN_DEFAULTS } from '../spec/inventory/inventory.js';
import { DirectNetwork, type DirectNetworkOptions } from './direct/direct-network.js';
import { createLocalShell } from './shell/local-shell.js';

export interface LocalNetworkOptions
  extends Pick<
    DirectNetworkOptions,
    'cwd' | 'inputDigests' | 'batchDirectory' | 'clock' | 'random' | 'reconnect'
  > {
  /** Slots of each host. @default the cores of this machine */
  readonly slots?: number;
  /** gpool's directory. @default '~/.gjob' */
  readonly resultsDir?: string;
  /** Niceness of jobs, 0 to 19. @default 0 */
  readonly nice?: number;
  /** Let this machine stand for several hosts, each with a directory of its own. @default [':'] */
  readonly names?: readonly string[];
}

/** This machine, without SSH: a DirectNetwork with its hosts and Shells chosen, nothing else. */
export class LocalNetwork extends DirectNetwork {
  constructor(options: LocalNetworkOptions = {}) {
    const { slots, resultsDir = PLAIN_DEFAULTS.root, nice = 0, names = [':'] } = options;
    const rule = slots === undefined ? PLAIN_DEFAULTS.slots : ({ kind: 'count', count: slots } as const);
    const settings = { ...PLAIN_DEFAULTS, slots: rule, root: resultsDir, nice };
    const hosts = names.map((name) => createHost(name, { kind: 'local' }, settings));
    super({ ...options, hosts, openShell: () => createLocalShell() });
  }
}
