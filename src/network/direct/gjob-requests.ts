import { bytesOfText, holdsBytes } from '../../bytes.js';
import { type Clock, systemClock } from '../../clock.js';
import { HostError, SpecError, type TransportError } from '../../errors.js';
import type { Limits } from '../../spec/job-spec.js';
import type { Attempt } from '../network.js';
import { escapeField } from './escape.js';
import type { GjobEvent } from './gjob-events.js';

/** The request that puts an attempt into its host's backlog. `tree` is the digest of its planted inputs. */
export function runRequest(attempt: Attempt, tree: string | null): string {
  const { spec, env } = attempt;
  const id = checkId(attempt);
  const script = `${spec.commands.join('\n')}\n`;
  const settings = Object.entries({ GPOOL_HOST: attempt.host, ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  if (script.includes('\0') || settings.some((setting) => setting.includes('\0'))) {
    throw new SpecError('E_SPEC', {
      what: 'a command or variable contains a NUL',
      where: `job ${spec.name}`,
    });
  }
  return ['run', id, formatLimit(spec.limits), tree ?? '-', script, ...settings].map(escapeField).join('\t');
}

/** Whole seconds, 0 for none; with a warning `60:USR1:20`. */
function formatLimit({ timeoutSecs = 0, warn }: Limits): string {
  const timeout = String(Math.ceil(timeoutSecs));
  return warn && timeoutSecs > 0 ? `${timeout}:${warn.signal}:${Math.ceil(warn.secs)}` : timeout;
}

export function simpleRequest(verb: 'kill' | 'recall' | 'pause' | 'unpause', attempt: Attempt): string {
  return `${verb}\t${checkId(attempt)}`;
}

/** An id as the helper takes it: any other would be a path that nobody has checked, and is answered with nothing but a `D`. */
function checkId({ id, spec }: Attempt): string {
  if (ATTEMPT_ID.test(id) && id.length <= 16) return id;
  throw new SpecError('E_SPEC', {
    what: `the attempt id ${JSON.stringify(id)} is not like 12.1, two numbers from 1 of at most 15 digits in all`,
    where: `job ${spec.name}`,
    next: 'Give the attempt the number of its job and of its try.',
  });
}

type Dropped = Omit<Extract<GjobEvent, { kind: 'dropped' }>, 'kind'>;

interface PendingRequest {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Requests on their way to one host's agent. All of one turn of the event loop travel as one frame that ends with an `ack`;
 * a request is fulfilled when its frame's token comes back as an event.
 */
export class RequestSender {
  #waiting: PendingRequest[] = [];
  #unacked = new Map<string, readonly PendingRequest[]>();
  /** Attempts to be cleared. */
  #cleared: string[] = [];
  #sent = 0;
  #scheduled = false;
  /** When those are to go at the latest, by `elapsed`. */
  #clearBy = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  /** @param prefix makes tokens unique among all connections to this host. */
  constructor(
    readonly prefix: string,
    readonly write: (frame: string) => void,
    readonly clock: Clock = systemClock,
  ) {}

  /** The token that has waited longest for its answer. */
  get oldest(): string | null {
    const [first] = this.#unacked.keys();
    return first ?? null;
  }

  /** Resolves when the agent has the request on disk; rejects when the link goes first. */
  send(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /** Many go along with other requests, or alone in a while: each costs the host a little, which its jobs would have had. */
  clear(attempt: string, { soon }: { readonly soon: boolean }): void {
    this.#cleared.push(attempt);
    const waitMs = soon ? SOON_MS : LATER_MS;
    const by = this.clock.elapsed() + waitMs;
    if (by >= this.#clearBy) return;
    this.#cancelTimer();
    this.#clearBy = by;
    this.#cancelTimer = this.clock.after(waitMs, () => this.#flush(), { unref: true });
  }

  /** Takes a token that came back. False for one of an earlier connection, which is none of ours. */
  acknowledge(token: string): boolean {
    const requests = this.#unacked.get(token);
    this.#unacked.delete(token);
    for (const { resolve } of requests ?? []) resolve();
    return requests !== undefined;
  }

  /** The agent could make nothing of such a request: those that look like it are refused. */
  drop({ verb, attempt, text }: Dropped, where: string): void {
    const error = new HostError('E_PROTOCOL', {
      what: `the helper dropped \`${verb} ${attempt}\`: ${text}`,
      where,
    });
    const isDropped = ({ line }: PendingRequest): boolean => {
      const [first = '', second = ''] = line.split('\t', 2);
      return toPlain(first, 32) === verb && toPlain(second, 64) === attempt;
    };
    for (const [token, requests] of this.#unacked) {
      for (const { reject } of requests.filter(isDropped)) reject(error);
      this.#unacked.set(
        token,
        requests.filter((request) => !isDropped(request)),
      );
    }
  }

  /** The link is gone: whether these were taken in is not known. */
  fail(error: TransportError): void {
    const requests = [...this.#unacked.values()].flat().concat(this.#waiting);
    this.#unacked.clear();
    this.#waiting = [];
    this.#cancelTimer();
    for (const { reject } of requests) reject(error);
  }

  #flush(): void {
    this.#scheduled = false;
    const cleared = this.#takeCleared();
    while (this.#waiting.length + cleared.length > 0) {
      this.#sendFrame(this.#waiting.splice(0, MAX_REQUESTS), cleared.splice(0, MAX_REQUESTS));
    }
  }

  /** What is to go now: all, or nothing yet. */
  #takeCleared(): string[] {
    const cleared = this.#cleared;
    if (cleared.length < MANY_CLEARED && this.clock.elapsed() < this.#clearBy - SOON_MS / 2) return [];
    this.#cancelTimer();
    this.#clearBy = Number.POSITIVE_INFINITY;
    this.#cleared = [];
    return cleared;
  }

  /** Nobody waits for a frame that only clears: it needs no answer. */
  #sendFrame(requests: readonly PendingRequest[], cleared: readonly string[]): void {
    const lines = requests.map(({ line }) => line);
    if (cleared.length > 0) lines.push(['clear', ...cleared].join('\t'));
    if (requests.length > 0) {
      const token = `${this.prefix}.${++this.#sent}`;
      this.#unacked.set(token, requests);
      lines.push(`ack\t${token}`);
    }
    const body = `${lines.join('\n')}\n`;
    this.write(`${holdsBytes(body) ? bytesOfText(body).length : Buffer.byteLength(body)}\n${body}`);
  }
}

/** As the agent writes words that it does not know. */
function toPlain(word: string, most: number): string {
  return (word || '-').slice(0, most).replace(/[^\w.-]/g, '?');
}

const ATTEMPT_ID = /^[1-9]\d*\.[1-9]\d*$/;
/** Keeps a frame within what a host writes and reads back in one go. */
const MAX_REQUESTS = 1000;
/** So long a host keeps what it need not: a job with inputs or returns has a directory that may be large. */
const SOON_MS = 1000;
const LATER_MS = 10_000;
const MANY_CLEARED = 64;
