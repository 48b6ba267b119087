/** How many jobs a host runs at once, before its cores are known. */
export type SlotRule =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number }
  /** All cores plus `plus` (negative leaves some free). */
  | { readonly kind: 'cores'; readonly plus: number };

/** A machine of the pool, as the inventory describes it. Data only. */
export interface Host {
  /** As written in the inventory, unique in the pool, shown to people. */
  readonly name: string;
  /** Where it is: this machine, or an SSH destination (a name, an address or an ssh_config alias). */
  readonly via: { readonly kind: 'local' } | SshDestination;
  /** @default { kind: 'cores', plus: 0 } for this machine, { kind: 'count', count: 1 } is never assumed */
  readonly slots: SlotRule;
  /** Added to the niceness of every job there, 0 to 19. @default 10 */
  readonly nice: number;
  readonly labels: readonly string[];
  /** gpool's directory on the host; `~` is the login directory. @default '~/.gjob' */
  readonly root: string;
  /** The root is taken as it is, though other accounts can put something else in its place. @default false */
  readonly trustRoot?: boolean;
  /** Lines of bash run once before the agent starts there (modules, paths). */
  readonly init: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The host that is asked for status on behalf of this one (shared results directory). */
  readonly managedBy?: string;
}

/** What to hand to SSH; what is absent comes from the user's ssh_config. */
export interface SshDestination {
  readonly kind: 'ssh';
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
  readonly identity?: string;
}

/** For messages: `me@lab01:2222`, with what is given of it. */
export function describeDestination({ user, address, port }: SshDestination): string {
  return `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`;
}

/**
 * The host's name as one safe path component, the same for ever: what is not `[A-Za-z0-9._-]` becomes `%xx`, and so
 * does a leading dot or dash, so that two different names never share a directory.
 */
export function hostId(name: string): string {
  return [...Buffer.from(name, 'utf8')].map((byte, at) => safeByte(byte, at)).join('');
}

function safeByte(byte: number, at: number): string {
  const char = String.fromCharCode(byte);
  const safe = at === 0 ? /[A-Za-z0-9_]/ : /[A-Za-z0-9._-]/;
  return safe.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
}
