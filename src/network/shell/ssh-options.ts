/** Asks a person for a secret. Rejects when nobody can be asked. */
export type Prompt = (question: { readonly text: string; readonly echo: boolean }) => Promise<string>;

/** How SSH connections are made; the same for every host of a pool. */
export interface SshOptions {
  /** Another ssh_config than the user's own, as `ssh -F FILE`. */
  readonly configFile?: string;
  /** What to do with a host that known_hosts does not list. A changed or revoked key is refused by both. @default 'accept-new' */
  readonly hostKeyPolicy?: 'accept-new' | 'strict';
  /** TCP connect, key exchange and login together, milliseconds. @default 20000 */
  readonly connectTimeoutMs?: number;
  /** Silence after which the server is asked for a sign of life, milliseconds. @default 15000 */
  readonly keepaliveMs?: number;
  /** Unanswered signs of life after which the link is dead. @default 3 */
  readonly keepaliveCount?: number;
  /** How to ask for passphrases, passwords and one-time codes. @default nobody is asked */
  readonly prompt?: Prompt;
  /** Takes the transport's own trace, secrets already removed. */
  readonly debug?: (line: string) => void;
}
