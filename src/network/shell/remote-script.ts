import { randomBytes } from 'node:crypto';
import { HostError, StateError } from '../../errors.js';
import { quote } from '../../spec/quote.js';

/**
 * The words that start the bash which scripts are fed to, the same for every login shell and every script: no word of a user stands in
 * a host's process list. `exec` leaves the login shell's traps behind; env(1) hands its environment on whole, which `sh` would
 * not; `-p` takes no functions and options from there.
 */
export const SCRIPT_SHELL = ['/usr/bin/env', 'bash', '--noprofile', '--norc', '-p'] as const;

/** The text to feed to the script shell, and the filter that its stdout goes through. */
export interface ComposedScript {
  readonly text: string;
  readonly filter: SentinelFilter;
}

/**
 * Wraps a bash script so that it behaves the same behind every login shell. Bash checks its own version, prints a random
 * sentinel and runs the script with `args` as `$1` …. The sentinel is sent in two halves, so that a login file that echoes its stdin
 * cannot forge it. The text is one list of commands, which bash has read to its end before it begins: what follows is the script's stdin.
 *
 * @throws StateError when script and arguments exceed what one argument may hold; large data belongs on stdin.
 */
export function composeScript(
  script: string,
  args: readonly string[] = [],
  sentinel = createSentinel(),
): ComposedScript {
  if (Math.max(script.length, ...args.map((arg) => arg.length)) > MAX_WORD) {
    throw new StateError('E_INTERNAL', {
      what: 'a script or argument is longer than 100 kB',
      where: 'remote script',
    });
  }
  const half = sentinel.length >> 1;
  const mark = [sentinel.slice(0, half), sentinel.slice(half)];
  const say = (answer: string) => `printf '%s%s ${answer}\\n' ${mark.join(' ')}`;
  const text = [
    'set +o posix',
    `{ if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 402)); then ${say('old-bash %s')} "$BASH_VERSION"; exit 126; fi`,
    'declare +x SHELLOPTS BASHOPTS',
    say('ok'),
    `set -- ${args.map(quote).join(' ')}`,
    `eval ${quote(script)}`,
    'exit; }',
    '',
  ].join('\n');
  return { text, filter: new SentinelFilter(sentinel) };
}

/** What the host said about its bash; `silent` until the sentinel came. */
export type Greeting =
  | { readonly kind: 'silent' }
  | { readonly kind: 'ok' }
  | { readonly kind: 'old-bash'; readonly version: string };

/** Drops what the login shell prints before the sentinel line, and keeps its end for the error message. */
export class SentinelFilter {
  greeting: Greeting = { kind: 'silent' };
  readonly #sentinel: Buffer;
  #pending = Buffer.alloc(0);

  constructor(sentinel: string) {
    this.#sentinel = Buffer.from(`${sentinel} `);
  }

  /** Takes a chunk of stdout; answers the part that is the script's own. */
  push(chunk: Buffer): Buffer {
    if (this.greeting.kind !== 'silent') return chunk;
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const at = this.#pending.indexOf(this.#sentinel);
    const end = at < 0 ? -1 : this.#pending.indexOf('\n', at);
    if (end < 0) {
      this.#trimNoise(at);
      return EMPTY;
    }
    this.greeting = parseGreeting(this.#pending.toString('latin1', at + this.#sentinel.length, end));
    const rest = this.#pending.subarray(end + 1);
    this.#pending = this.#pending.subarray(0, at);
    return rest;
  }

  /** The last of what was printed before the sentinel, at most 64 KiB. */
  get noise(): string {
    return this.#pending.toString('utf8').trim();
  }

  #trimNoise(sentinelAt: number): void {
    if (sentinelAt < 0 && this.#pending.length > MAX_NOISE)
      this.#pending = this.#pending.subarray(-MAX_NOISE);
  }
}

/** The error for a host that gave no usable bash, or null when it did. Code 127 is how env(1) says that there is none. */
export function greetingError(
  filter: SentinelFilter,
  where: string,
  { code = null, stderr = '' }: { readonly code?: number | null; readonly stderr?: string } = {},
): HostError | null {
  const { greeting } = filter;
  if (greeting.kind === 'ok') return null;
  if (greeting.kind === 'silent' && code === 127)
    return new HostError('E_NO_BASH', { what: 'there is no bash on the PATH', where });
  if (greeting.kind === 'old-bash') {
    return new HostError('E_OLD_BASH', { what: `its bash is ${greeting.version}, gpool needs 4.2`, where });
  }
  const said = [filter.noise, stderr.trim()].filter(Boolean).join(' ').slice(-200);
  const what = said
    ? `the login shell ran no commands; it printed ${JSON.stringify(said)}`
    : 'the login shell ran no commands';
  return new HostError('E_LOGIN_SHELL', { what, where });
}

function parseGreeting(line: string): Greeting {
  const [kind, version = ''] = line.split(' ');
  if (kind === 'old-bash') return { kind, version };
  return { kind: 'ok' };
}

function createSentinel(): string {
  return `gpool-${randomBytes(16).toString('hex')}`;
}

const EMPTY = Buffer.alloc(0);
const MAX_NOISE = 64 * 1024;
/** Linux limits one argument to 128 KiB; quoting may add to the length. */
const MAX_WORD = 100_000;
