import { HostError } from '../../errors.js';
import type { Survivor } from '../../events/event.js';
import { unescapeField } from './escape.js';

/** The kinds of exit records. `oom`: by KILL, not ours, while the kernel ended processes for want of memory. */
export const ENDS = ['code', 'signal', 'timeout', 'cancelled', 'recalled', 'oom'] as const;
export type End = (typeof ENDS)[number];

/** One line of a host's event file, checked. Field meanings: the protocol page. */
export type GjobEvent =
  | { readonly kind: 'agent'; readonly pid: number; readonly bootId: string }
  | { readonly kind: 'ack'; readonly token: string }
  | { readonly kind: 'started'; readonly attempt: string; readonly slot: number; readonly startedMs: number }
  | {
      readonly kind: 'ended';
      readonly attempt: string;
      readonly slot: number;
      readonly how: End;
      readonly number: number;
      readonly startedMs: number;
      readonly wallMs: number;
      readonly userMs: number;
      readonly systemMs: number;
      readonly peakKb: number;
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly survivors: readonly Survivor[];
      /** What of its output is in the host's files; null from an older helper, which does not say. */
      readonly sizes: { readonly stdout: number; readonly stderr: number } | null;
      /** The first thing that kept some of its output from being written there; null when nothing did. */
      readonly broken: string | null;
    }
  | {
      readonly kind: 'refused' | 'lost';
      readonly attempt: string;
      readonly word: string;
      readonly text: string;
    }
  | {
      readonly kind: 'warned';
      readonly attempt: string;
      readonly word: string;
      readonly text: string;
    }
  | { readonly kind: 'paused'; readonly attempt: string; readonly paused: boolean }
  /** A request that the agent could not make sense of; its first two words, made plain. */
  | { readonly kind: 'dropped'; readonly verb: string; readonly attempt: string; readonly text: string }
  | { readonly kind: 'quit' };

/**
 * Reads one event line, without its newline. Answers null for a torn one, which means nothing: what it should have said
 * comes again. The same for a letter that only a later helper knows.
 *
 * @throws HostError E_PROTOCOL when anything else about it is not as the protocol says.
 */
export function parseEventLine(line: string, where: string): GjobEvent | null {
  const [kind = '', ...fields] = line.split('\t');
  const form = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  const isTorn = line === '' || line.endsWith('\t') || (form && fields.length < form.fields);
  if (isTorn || (!form && LETTER.test(kind))) return null;
  const reader = new FieldReader(fields, line, where);
  if (!form) throw reader.fault('is of no known kind');
  const event = form.parse(reader);
  if (event) reader.end();
  return event;
}

interface Form {
  readonly fields: number;
  readonly parse: (read: FieldReader) => GjobEvent | null;
}

const FORMS: Readonly<Record<string, Form>> = {
  V: { fields: 3, parse: parseAgent },
  B: { fields: 1, parse: (read) => ({ kind: 'ack', token: read.word(TOKEN) }) },
  S: { fields: 4, parse: parseStarted },
  X: { fields: 11, parse: parseEnded },
  E: { fields: 3, parse: (read) => ({ kind: 'refused', ...parseReason(read) }) },
  L: { fields: 3, parse: (read) => ({ kind: 'lost', ...parseReason(read) }) },
  W: { fields: 3, parse: (read) => ({ kind: 'warned', ...parseReason(read) }) },
  P: { fields: 2, parse: (read) => ({ kind: 'paused', attempt: read.attempt(), paused: read.flag() }) },
  D: { fields: 3, parse: parseDropped },
  Q: { fields: 0, parse: () => ({ kind: 'quit' }) },
};

function parseAgent(read: FieldReader): GjobEvent {
  if (read.integer() !== 1) throw read.fault('is of another protocol version');
  return { kind: 'agent', pid: read.integer(), bootId: read.word(BOOT_ID) };
}

function parseStarted(read: FieldReader): GjobEvent {
  const [attempt, slot] = [read.attempt(), read.integer()];
  read.integer(); // the pid, which means nothing on this side
  return { kind: 'started', attempt, slot, startedMs: read.integer() };
}

/** Null when the words at its end were torn off. */
function parseEnded(read: FieldReader): GjobEvent | null {
  const ended = {
    kind: 'ended' as const,
    attempt: read.attempt(),
    slot: read.integer(),
    how: read.choice(ENDS),
    number: read.integer(255),
    startedMs: read.integer(),
    wallMs: read.integer(),
    userMs: read.integer(),
    systemMs: read.integer(),
    peakKb: read.integer(),
    stdout: read.flag(),
    stderr: read.flag(),
    survivors: read.hasMore && !read.hasNamed ? parseSurvivors(read.word(SURVIVORS)) : [],
  };
  const words = read.named();
  if (words.size === 0) return { ...ended, sizes: null, broken: null };
  const [stdout, stderr, broken] = [words.get('out'), words.get('err'), words.get('broken')];
  if (stdout === undefined || stderr === undefined || !broken) return null;
  if (!INTEGER.test(stdout) || !INTEGER.test(stderr) || !TROUBLE.test(broken))
    throw read.fault('has a bad field');
  const sizes = { stdout: Number(stdout), stderr: Number(stderr) };
  return { ...ended, sizes, broken: broken === '-' ? null : broken };
}

/** The last one may be torn; then the line comes again. */
function parseSurvivors(field: string): Survivor[] {
  return field.split(',').flatMap((text) => {
    const [, pid, name, state] = SURVIVOR.exec(text) ?? [];
    return pid && name && state ? [{ pid: Number(pid), name, state }] : [];
  });
}

function parseDropped(read: FieldReader): GjobEvent {
  return { kind: 'dropped', verb: read.word(PLAIN), attempt: read.word(PLAIN), text: read.text() };
}

function parseReason(read: FieldReader) {
  return { attempt: read.attempt(), word: read.word(WORD), text: read.text() };
}

/** Takes the fields of a line one after the other, each in its only accepted form. */
class FieldReader {
  #at = 0;

  constructor(
    readonly fields: readonly string[],
    readonly line: string,
    readonly where: string,
  ) {}

  get hasMore(): boolean {
    return this.#at < this.fields.length;
  }

  /** Whether the next field is of the form `name=value`. */
  get hasNamed(): boolean {
    return NAMED.test(this.fields[this.#at] ?? '');
  }

  /** All that is left: fields `name=value`, of which a newer helper may say more than is known here. */
  named(): ReadonlyMap<string, string> {
    const words = new Map<string, string>();
    while (this.hasMore) {
      const [, name = '', value = ''] = NAMED.exec(this.word(NAMED)) ?? [];
      words.set(name, value);
    }
    return words;
  }

  word(form: RegExp): string {
    const field = this.fields[this.#at++];
    if (field === undefined || !form.test(field)) throw this.fault('has a bad field');
    return field;
  }

  attempt(): string {
    return this.word(ATTEMPT);
  }

  integer(most = Number.MAX_SAFE_INTEGER): number {
    const value = Number(this.word(INTEGER));
    if (value > most) throw this.fault('has a number out of range');
    return value;
  }

  flag(): boolean {
    return this.word(FLAG) === '1';
  }

  choice<T extends string>(choices: readonly T[]): T {
    const field = this.fields[this.#at++];
    const found = choices.find((choice) => choice === field);
    if (found === undefined) throw this.fault('has a bad field');
    return found;
  }

  text(): string {
    return unescapeField(this.word(ANY), this.where);
  }

  end(): void {
    if (this.#at !== this.fields.length) throw this.fault('has too many fields');
  }

  fault(what: string): HostError {
    const shown = JSON.stringify(this.line.slice(0, 120));
    return new HostError('E_PROTOCOL', { what: `the event line ${shown} ${what}`, where: this.where });
  }
}

const ATTEMPT = /^[1-9]\d{0,14}\.[1-9]\d{0,8}$/;
const INTEGER = /^\d{1,15}$/;
const FLAG = /^[01]$/;
const BOOT_ID = /^[0-9A-Za-z-]{1,64}$/;
const TOKEN = /^[0-9A-Za-z.-]{1,64}$/;
const WORD = /^[a-z][a-z-]{0,31}$/;
/** `<pid>:<name>:<state>`. */
const SURVIVOR = /^(\d{1,10}):([\w.+-]{1,16}):([A-Za-z])$/;
const SURVIVORS = /^[\w.+:,-]{1,4000}$/;
const NAMED = /^([a-z][a-z-]{0,31})=([\w.+:,/-]{0,256})$/;
/** What `broken=` may say. */
const TROUBLE = /^(?:-|[a-z][a-z-]{0,31})$/;
const PLAIN = /^[\w.?-]{1,64}$/;
const LETTER = /^[A-Z]$/;
const ANY = /^/;
