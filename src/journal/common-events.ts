import type { Collected, Recorded, Usage } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';

/**
 * Reads the four events of a job that goes well, as this gpool writes them: nearly all of a large journal, in a third of the time
 * that `JSON.parse` takes. Answers what that would, or null whenever there is any doubt.
 */
export class CommonEvents {
  /** Names that come again and again, each once in memory. */
  readonly #names = new Map<string, string>();
  #bytes: Buffer = Buffer.alloc(0);
  /** The same, one character for each byte: parts of it are cheap. */
  #text = '';
  #at = 0;
  #doubt = false;
  #time = '';

  /** What is read from now on. */
  take(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  /** The event of the line that begins at `start`; at `end` is what follows its last field. */
  read(start: number, end: number): Recorded | null {
    this.#at = start;
    this.#doubt = false;
    const event = this.#readEvent();
    return this.#doubt || this.#at !== end ? null : event;
  }

  #readEvent(): Recorded | null {
    this.#expect(SEQ);
    const seq = this.#number();
    this.#expect(AT);
    const at = this.#readTime();
    this.#expect(TYPE);
    switch (this.#bytes[this.#at]) {
      case FIRST_OF.launched:
        return this.#readLaunched(seq, at);
      case FIRST_OF.started:
        return this.#readStarted(seq, at);
      case FIRST_OF.ended:
        return this.#readEnded(seq, at);
      case FIRST_OF.done:
        return this.#readDone(seq, at);
      default:
        return null;
    }
  }

  #readLaunched(seq: number, at: string): Recorded {
    const job = this.#wordAfter(LAUNCHED);
    const attempt = this.#wordAfter(ATTEMPT);
    const host = this.#nameAfter(HOST);
    return { seq, at, type: 'job.launched', job, attempt, host };
  }

  #readStarted(seq: number, at: string): Recorded {
    const attempt = this.#wordAfter(STARTED);
    const host = this.#nameAfter(HOST);
    const slot = this.#numberAfter(SLOT);
    const offset = this.#numberAfter(OFFSET);
    return { seq, at, type: 'job.started', attempt, host, slot, offset };
  }

  #readEnded(seq: number, at: string): Recorded {
    const attempt = this.#wordAfter(ENDED);
    const host = this.#nameAfter(HOST);
    this.#expect(SUCCEEDED);
    const usage = this.#readUsage();
    const stdout = this.#flagAfter(STDOUT);
    const stderr = this.#flagAfter(STDERR);
    const sizes = {
      ...(this.#follows(OUT_BYTES) && { stdoutBytes: this.#number() }),
      ...(this.#follows(STDERR_BYTES) && { stderrBytes: this.#number() }),
    };
    const offset = this.#numberAfter(OUTPUT_END);
    const outcome: Outcome = { kind: 'succeeded' };
    const output = { stdout, stderr, ...sizes };
    return { seq, at, type: 'job.ended', attempt, host, outcome, usage, output, offset };
  }

  #readUsage(): Usage {
    const startedAt = this.#numberAfter(STARTED_AT);
    const wallMs = this.#numberAfter(WALL);
    const userMs = this.#numberAfter(USER);
    const systemMs = this.#numberAfter(SYSTEM);
    const peakKb = this.#numberAfter(PEAK);
    return { startedAt, wallMs, userMs, systemMs, peakKb };
  }

  #readDone(seq: number, at: string): Recorded {
    const job = this.#wordAfter(DONE);
    const attempt = this.#wordAfter(ATTEMPT);
    const stdoutBytes = this.#numberAfter(STDOUT_BYTES);
    const stderrBytes = this.#numberAfter(STDERR_BYTES);
    this.#expect(NO_FILES);
    const collected: Collected = { stdoutBytes, stderrBytes, files: [], missing: [], skipped: [] };
    return { seq, at, type: 'job.done', job, attempt, collected };
  }

  #expect(text: Uint8Array): void {
    if (!this.#follows(text)) this.#doubt = true;
  }

  /** Passes over `text` where it comes next. */
  #follows(text: Uint8Array): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text[at]) return false;
    this.#at = start + text.length;
    return true;
  }

  #numberAfter(text: Uint8Array): number {
    this.#expect(text);
    return this.#number();
  }

  /** Digits without a leading zero, few enough to be exact. */
  #number(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (let digit = digitOf(bytes[at]); digit >= 0 && digit <= 9; digit = digitOf(bytes[at])) {
      value = value * 10 + digit;
      at += 1;
    }
    const length = at - start;
    if (length === 0 || length > MOST_DIGITS || (length > 1 && bytes[start] === ZERO)) this.#doubt = true;
    this.#at = at;
    return value;
  }

  #flagAfter(text: Uint8Array): boolean {
    this.#expect(text);
    const isTrue = this.#bytes[this.#at] === TRUE[0];
    this.#expect(isTrue ? TRUE : FALSE);
    return isTrue;
  }

  /** Short: a part of a text that is longer than that would keep the whole text in memory. */
  #wordAfter(text: Uint8Array): string {
    this.#expect(text);
    const word = this.#word();
    if (word.length > SHORT) this.#doubt = true;
    return word;
  }

  #nameAfter(text: Uint8Array): string {
    this.#expect(text);
    const word = this.#word();
    const known = this.#names.get(word);
    if (known !== undefined || this.#doubt) return known ?? word;
    const name = copy(word);
    this.#names.set(name, name);
    return name;
  }

  #readTime(): string {
    const word = this.#word();
    if (word !== this.#time && !this.#doubt) this.#time = copy(word);
    return this.#time;
  }

  /** Up to the next quote, which is passed over. Anything but plain letters and signs is in doubt. */
  #word(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
      if (byte === undefined || byte < SPACE || byte > LAST_PLAIN || byte === BACKSLASH) {
        this.#doubt = true;
        return '';
      }
      at += 1;
    }
    this.#at = at + 1;
    return this.#text.slice(start, at);
  }
}

/** Of its own: it keeps nothing else in memory. */
function copy(word: string): string {
  return JSON.parse(`"${word}"`);
}

function digitOf(byte: number | undefined): number {
  return byte === undefined ? -1 : byte - ZERO;
}

const literal = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const SEQ = literal('{"seq":');
const AT = literal(',"at":"');
const TYPE = literal(',"type":"job.');
const LAUNCHED = literal('launched","job":"');
const STARTED = literal('started","attempt":"');
const ENDED = literal('ended","attempt":"');
const DONE = literal('done","job":"');
const FIRST_OF = { launched: LAUNCHED[0], started: STARTED[0], ended: ENDED[0], done: DONE[0] };
const ATTEMPT = literal(',"attempt":"');
const HOST = literal(',"host":"');
const SLOT = literal(',"slot":');
const OFFSET = literal(',"offset":');
const SUCCEEDED = literal(',"outcome":{"kind":"succeeded"}');
const STARTED_AT = literal(',"usage":{"startedAt":');
const WALL = literal(',"wallMs":');
const USER = literal(',"userMs":');
const SYSTEM = literal(',"systemMs":');
const PEAK = literal(',"peakKb":');
const STDOUT = literal('},"output":{"stdout":');
const STDERR = literal(',"stderr":');
const OUT_BYTES = literal(',"stdoutBytes":');
const OUTPUT_END = literal('},"offset":');
const STDOUT_BYTES = literal(',"collected":{"stdoutBytes":');
const STDERR_BYTES = literal(',"stderrBytes":');
const NO_FILES = literal(',"files":[],"missing":[],"skipped":[]}');
const TRUE = literal('true');
const FALSE = literal('false');
const [SPACE, QUOTE, ZERO, BACKSLASH, LAST_PLAIN] = [0x20, 0x22, 0x30, 0x5c, 0x7e];
const MOST_DIGITS = 15;
const SHORT = 12;
