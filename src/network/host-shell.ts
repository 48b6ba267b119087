import type { Host, SshDestination } from '../spec/host.js';
import { createLocalShell } from './shell/local-shell.js';
import { createOpensshShell } from './shell/openssh/openssh-shell.js';
import type { Shell } from './shell/shell.js';
import type { SshOptions } from './shell/ssh-options.js';
import { createSsh2Shell } from './shell/ssh2/ssh2-shell.js';

export interface HostShellOptions extends SshOptions {
  /** `openssh` runs the system's `ssh`, for Kerberos, certificates and hardware keys. @default 'ssh2' */
  readonly transport?: 'ssh2' | 'openssh';
}

/** A new, unopened Shell of the kind that the host and the options ask for. */
export function createHostShell({ via }: Host, options: HostShellOptions): Shell {
  if (via.kind === 'local') return createLocalShell();
  const create: (destination: SshDestination, options: SshOptions) => Shell =
    options.transport === 'openssh' ? createOpensshShell : createSsh2Shell;
  return create(via, options);
}
