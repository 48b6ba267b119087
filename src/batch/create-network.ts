import type { BatchDirectory } from '../journal/batch-directory.js';
import type { BatchFile } from '../journal/batch-file.js';
import type { Prompt } from '../network/shell/ssh-options.js';
import { SshNetwork, type SshNetworkOptions } from '../network/ssh-network.js';
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

/** Where a batch is kept, and where its inputs are; all of it may be left out by who starts no job. */
export type BatchPlace = Pick<SshNetworkOptions, 'batchDirectory' | 'cwd' | 'inputDigests'>;

/** The place of a batch that is about to run. One that an older release made says nothing of its inputs. */
export function placeOf({ path }: BatchDirectory, { cwd, inputs = {} }: BatchFile): BatchPlace {
  return { batchDirectory: path, ...(cwd !== undefined && { cwd, inputDigests: inputs }) };
}

/**
 * The network that reaches these hosts; `:` among them is this machine. Opens nothing. The hosts note whose the batch is when
 * `batch` names its directory.
 */
export function createNetwork(
  hosts: readonly Host[],
  options: BatchOptions,
  contact: Contact = {},
  batch: BatchPlace = {},
): SshNetwork {
  return new SshNetwork({ hosts, ...batch, ...sshSettings(options, contact) });
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
