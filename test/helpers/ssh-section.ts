export interface SshSection {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Files of the client. */
  readonly identity: string;
  readonly knownHosts: string;
  /** More lines. @default none */
  readonly more?: readonly string[];
}

/** The section of an ssh_config that leads to one server of a test, and trusts nothing but the test's own files. */
export function sshSection(
  name: string,
  { address, port, user, identity, knownHosts, more = [] }: SshSection,
): string {
  const lines = [
    `HostName ${address}`,
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile ${identity}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${knownHosts}`,
    'GlobalKnownHostsFile none',
    ...more,
  ];
  return `Host ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
