import { PassThrough, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesOfText } from '../../bytes.js';
import { HostError, TransportError } from '../../errors.js';
import { type ComposedScript, composeScript, greetingError, type SentinelFilter } from './remote-script.js';
import type { Channel, RunOptions, RunResult, StartOptions } from './shell.js';

/** A running script shell, as each kind of Shell provides it. The streams must not have lost a byte yet. */
export interface ScriptProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles after both outputs ended. Rejects with a TransportError when the link went before the exit status came. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Ends it from this side, at once. */
  kill(): void;
}

/** Starts the bash that a script is fed to. */
export type SpawnShell = () => Promise<ScriptProcess>;

/** Runs a script to its end: what `Shell.run` is, given a way to start bash. */
export async function runScript(
  spawn: SpawnShell,
  where: string,
  script: string,
  options: RunOptions = {},
): Promise<RunResult> {
  const { args, input = '', deadlineMs = 60_000, maxBytes = 64 * 1024 * 1024 } = options;
  const { text, filter } = composeScript(script, args);
  return withDeadline(deadlineMs, where, async (deadline) => {
    const process = await deadline.acquire(spawn());
    const output = new Gatherer(maxBytes, where, options.onStdout);
    const errors = new Tail();
    const greeted = watchGreeting(process, filter, (chunk) => output.push(chunk));
    process.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const fed = feed(process.stdin, text, input, greeted);
    output.failed.catch(() => process.kill());
    const { code, signal } = await Promise.race([process.exited, output.failed]);
    await fed;
    const fault = greetingError(filter, where, { code, stderr: errors.text });
    if (fault) throw fault;
    return { code, signal, stdout: output.bytes, stderr: errors.bytes };
  });
}

/** Starts a script that stays: what `Shell.start` is. */
export async function startScript(
  spawn: SpawnShell,
  where: string,
  script: string,
  { args, deadlineMs = 60_000 }: StartOptions = {},
): Promise<Channel> {
  Promise.resolve(args).catch(() => {}); // the channel may fail first
  return withDeadline(deadlineMs, where, async (deadline) => {
    const process = await deadline.acquire(spawn());
    const { text, filter } = await composeOrKill(script, args, process);
    const stdout = new PassThrough();
    const errors = new Tail();
    const greeted = watchGreeting(process, filter, (chunk) => {
      if (!stdout.write(chunk)) process.stdout.pause();
    });
    stdout.on('drain', () => process.stdout.resume());
    process.stdout.once('close', () => stdout.end());
    process.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    process.stdin.on('error', () => {}); // told by `exited`
    process.stdin.write(bytesOfText(text));
    const ended = process.exited.then(({ code, signal }) => ({
      code,
      signal,
      stdout: EMPTY,
      stderr: errors.bytes,
    }));
    ended.catch(() => {}); // the owner may look at it later
    await Promise.race([greeted, ended]);
    // An output that ended without a greeting: whether the link went, or the session was refused, comes first.
    const code = filter.greeting.kind === 'silent' ? (await ended).code : null;
    const fault = greetingError(filter, where, { code, stderr: errors.text });
    if (fault) {
      process.kill();
      throw fault;
    }
    return { stdin: process.stdin, stdout, ended, close: () => process.kill() };
  });
}

async function composeOrKill(
  script: string,
  args: StartOptions['args'],
  process: ScriptProcess,
): Promise<ComposedScript> {
  try {
    return composeScript(script, await args);
  } catch (error) {
    process.kill();
    throw error;
  }
}

/** Resolves when the sentinel has come or stdout has ended without it. */
function watchGreeting(
  process: ScriptProcess,
  filter: SentinelFilter,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.on('data', (chunk: Buffer) => {
      const own = filter.push(chunk);
      if (filter.greeting.kind !== 'silent') resolve();
      if (own.length > 0) take(own);
    });
    process.stdout.once('close', resolve);
    process.stdout.once('end', resolve);
  });
}

/** Sends the script, and the input once the script runs. A reader that ends early is no fault of the writer. */
async function feed(
  stdin: Writable,
  text: string,
  input: Buffer | string | Readable,
  greeted: Promise<void>,
): Promise<void> {
  stdin.on('error', () => {});
  if (typeof input !== 'string' || input !== '') {
    stdin.write(bytesOfText(text));
    await greeted;
    const bytes = typeof input === 'string' ? bytesOfText(input) : input;
    const source = bytes instanceof Readable ? bytes : Readable.from([bytes], { objectMode: false });
    await pipeline(source, stdin).catch(ignoreClosedReader);
  } else {
    stdin.end(bytesOfText(text));
  }
}

function ignoreClosedReader(error: NodeJS.ErrnoException): void {
  const closed = [
    'EPIPE',
    'ECONNRESET',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ERR_STREAM_DESTROYED',
    'ERR_STREAM_WRITE_AFTER_END',
    'EOF',
  ];
  if (!closed.includes(error.code ?? '')) throw error;
}

interface Deadline {
  /** Waits for a process, and ends it when the deadline has passed or passes later. */
  acquire(process: Promise<ScriptProcess>): Promise<ScriptProcess>;
}

async function withDeadline<T>(
  ms: number,
  where: string,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  let held: ScriptProcess | undefined;
  let expired = false;
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expired = true;
      held?.kill();
      reject(
        new TransportError('E_DEADLINE', {
          what: `no answer within ${ms / 1000} s`,
          where,
          operation: 'run a command',
        }),
      );
    }, ms);
  });
  const acquire = async (process: Promise<ScriptProcess>) => {
    held = await process;
    if (expired) held.kill();
    return held;
  };
  const running = work({ acquire });
  running.catch(() => {}); // it may settle after the deadline
  try {
    return await Promise.race([running, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gathers stdout up to a limit, or hands it on. */
class Gatherer {
  /** Rejects when the limit is passed. */
  readonly failed: Promise<never>;
  #chunks: Buffer[] = [];
  #size = 0;
  #fail: (error: Error) => void = () => {};

  constructor(
    readonly limit: number,
    readonly where: string,
    readonly handOn?: (chunk: Buffer) => void,
  ) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  push(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.limit) {
      this.#chunks = [];
      this.#fail(
        new HostError('E_PROTOCOL', {
          what: `the host sent more than ${this.limit} bytes`,
          where: this.where,
        }),
      );
    } else if (this.handOn) this.handOn(chunk);
    else this.#chunks.push(chunk);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Keeps the last 64 KiB of stderr: enough for a message, flat in memory. */
class Tail {
  #bytes = EMPTY;

  push(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-MAX_TAIL);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get text(): string {
    return this.#bytes.toString('utf8');
  }
}

const EMPTY = Buffer.alloc(0);
const MAX_TAIL = 64 * 1024;
