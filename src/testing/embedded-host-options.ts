/** How an embedded host lets people in, runs their commands and misbehaves. Everything has a healthy default. */
export interface EmbeddedHostOptions {
  /** Address to listen on, any of 127.0.0.0/8. @default '127.0.0.1' */
  readonly address?: string;
  /** The account's login shell. @default '/bin/bash' */
  readonly shell?: string;
  /** Private host key. @default a fresh ed25519 key */
  readonly hostKey?: string;
  /** Public keys that may log in are taken unless this is false. @default true */
  readonly publicKey?: boolean;
  /** A password that may log in. @default none */
  readonly password?: string;
  /** Questions of a keyboard-interactive login with their right answers. @default none */
  readonly questions?: readonly { readonly prompt: string; readonly answer: string }[];
  readonly faults?: EmbeddedFaults;
}

/** Ways to misbehave, each one that real hosts have. */
export interface EmbeddedFaults {
  /** Sessions open at once on one connection, as sshd's MaxSessions. @default no limit */
  readonly maxSessions?: number;
  /** There is no sftp subsystem. */
  readonly noSftp?: boolean;
  /** Every login is refused. */
  readonly refuseAuth?: boolean;
  /** Printed on stdout before each command, as a chatty login file does. */
  readonly loginNoise?: string;
  /** Runs instead of any command, as sshd's ForceCommand. */
  readonly forceCommand?: string;
  /** Sessions open, but neither commands nor SFTP are ever answered. */
  readonly neverAnswer?: boolean;
  /** Each connection is cut after so many bytes in both directions together. */
  readonly dropAfterBytes?: number;
}
