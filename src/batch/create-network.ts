import type { Prompt } from '../network/shell/ssh-options.js';
import { SshNetwork } from '../network/ssh-network.js';
import type { Host } from '../spec/host.js';
import type { BatchOptions } from './batch-options.js';

/** What a connection may need from a person, and whom it may tell details. */
export interface Contact {
  /** @default nobody is asked */
  readonly prompt?: Prompt | undefined;
  readonly debug?: ((line: string) => void) | undefined;
  /** What is said anew about connecting; goes before what the batch was started with. */
  readonly connection?: BatchOptions | undefined;
}

/**
 * The network that reaches these hosts; `:` among them is this machine. Opens nothing. The hosts note whose the batch is when
 * its directory is named.
 */
export function createNetwork(
  hosts: readonly Host[],
  options: BatchOptions,
  contact: Contact = {},
  batchDirectory?: string,
): SshNetwork {
  const owner = batchDirectory === undefined ? {} : { batchDirectory };
  return new SshNetwork({ hosts, ...owner, ...sshSettings(options, contact) });
}

/** The part of the options that says how SSH connections are made. */
export function sshSettings(options: BatchOptions, { prompt, debug, connection }: Contact) {
  const { transport, configFile, hostKeyPolicy } = { ...options, ...connection };
  return {
    ...(transport && { transport }),
    ...(configFile !== undefined && { configFile }),
    ...(hostKeyPolicy && { hostKeyPolicy }),
    ...(prompt && { prompt }),
    ...(debug && { debug }),
  };
}
