/** How an SSH server is reached. */
export type ProxyRoute =
  | { readonly kind: 'none' }
  /** Through these hosts, first hop first; each as written: `[user@]host[:port]`. */
  | { readonly kind: 'jump'; readonly hops: readonly string[] }
  /** Through a program whose stdin and stdout are the connection; a command for the user's shell. */
  | { readonly kind: 'command'; readonly command: string };

/** A key file that may be offered. */
export interface IdentityFile {
  readonly path: string;
  /** Named by the user, not one of the usual names: offered first, and a fault in it is told. */
  readonly named: boolean;
}

/** StrictHostKeyChecking: `yes`, `no`, `accept-new`, or `ask`, which is also what it is when nobody has set it. */
export type HostKeyChecking = 'yes' | 'no' | 'ask' | 'accept-new';

/** Names of algorithms, each list as the user's ssh would offer it. */
export interface AllowedAlgorithms {
  readonly kex?: readonly string[] | undefined;
  readonly cipher?: readonly string[] | undefined;
  readonly hmac?: readonly string[] | undefined;
  readonly serverHostKey?: readonly string[] | undefined;
}

/** Everything ssh_config says about one destination, ready to use. */
export interface SshTarget {
  /** For messages: `me@lab01:2222`. */
  readonly where: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** 4 or 6 when only that family is allowed. */
  readonly family: 4 | 6 | undefined;
  readonly identityFiles: readonly IdentityFile[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent, or null when none is to be asked. */
  readonly agentSocket: string | null;
  readonly proxy: ProxyRoute;
  /** The user's files first; new keys go into the first. */
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  /** The name looked up in known_hosts: `host`, `[host]:port` or the HostKeyAlias. */
  readonly hostKeyName: string;
  readonly hashKnownHosts: boolean;
  readonly hostKeyChecking: HostKeyChecking;
  /** What the user lets a connection use; a list that is missing allows all that we know. */
  readonly allowed: AllowedAlgorithms;
  /** Ways to log in that the user has not ruled out, on the wire's names. */
  readonly methods: ReadonlySet<string>;
  /** BatchMode yes: nobody is asked. */
  readonly silent: boolean;
  readonly connectTimeoutMs: number | undefined;
  readonly keepaliveMs: number | undefined;
  readonly keepaliveCount: number | undefined;
}
