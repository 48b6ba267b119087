import { bytesOfText } from '../../bytes.js';
import type { Clock } from '../../clock.js';
import { HostError, TransportError } from '../../errors.js';
import type { Host } from '../../spec/host.js';
import type { Channel, Shell } from '../shell/shell.js';
import type { HelperPlace } from './helper-install.js';
import type { HostPaths } from './host-paths.js';
import { LineReader } from './line-reader.js';
import { parseGreeting, type StoreGreeting } from './parse-greeting.js';
import { lastLine, remoteFault } from './remote-fault.js';
import { CALL_HELPER, HELPER_GONE } from './session.js';
import type { StoreStart } from './store-place.js';

/** The standing channel to a host's agent. */
export interface Bridge {
  /** What the host keeps of the batch. */
  readonly store: StoreGreeting;
  write(frame: string): void;
  /** The batch is over: sends its agent home, removes its directory on the host, and ends. */
  forget(): void;
  /** Settles with the reason when the channel is over, whoever ended it. */
  readonly ended: Promise<Error>;
  close(): void;
}

/** What is known of a host once its helper is in place. */
export interface BridgePlace {
  readonly helper: HelperPlace;
  readonly paths: HostPaths;
  readonly slots: number;
}

export interface BridgeOptions {
  readonly host: Host;
  /** While this is waited for, the channel is opened. */
  readonly place: Promise<BridgePlace>;
  /** What is known of what the host keeps. */
  readonly known: StoreStart;
  /** The batch directory's own id, by which hosts tell it from others of the same name; null when it has none. */
  readonly key: string | null;
  /** Whose the batch is, for the host's record; null leaves that as it is. */
  readonly owner: string | null;
  /** Takes each event line and the offset right after it. A throw ends the bridge with that error. */
  readonly onLine: (line: string, offset: number) => void;
}

/**
 * Starts the bridge, which runs the host's init lines before all else, and waits for its greeting.
 *
 * @throws HostError when the init lines fail or the greeting is wrong; TransportError when the link goes.
 */
export async function startBridge(shell: Shell, options: BridgeOptions): Promise<Bridge> {
  const args = options.place.then((place) => bridgeArguments(place, options));
  const channel = await shell.start(CALL_HELPER, { args, deadlineMs: START_MS });
  const { paths } = await options.place;
  try {
    return await greet(channel, options, shell.where);
  } catch (error) {
    throw error instanceof HostError && error.code === 'E_ROOT'
      ? await remoteFault(shell, paths.root, error)
      : error;
  }
}

function bridgeArguments(
  { helper, paths, slots }: BridgePlace,
  { host, known, key, owner }: BridgeOptions,
): readonly string[] {
  const settings = Object.entries(host.env).map(([name, value]) => `${name}=${value}`);
  const place = [known.offset, known.id ?? '-', key ?? '-'].join(':');
  const call = [paths.root, paths.hostId, paths.batch, slots, host.nice, place].map(String);
  return [helper.file, 'bridge', ...call, owner ?? '', host.init.join('\n'), ...settings];
}

async function greet(
  channel: Channel,
  { known, onLine, host }: BridgeOptions,
  where: string,
): Promise<Bridge> {
  let events = new LineReader(where, known.offset);
  let store: StoreGreeting | null = null;
  const greeting: string[] = [];
  let failure: Error | undefined;
  let greeted = () => {};
  const ready = new Promise<void>((resolve) => {
    greeted = resolve;
  });
  // The two lines of greeting are not part of the event file: they are cut off before its bytes are counted.
  const head = new LineReader(where);
  const take = (chunk: Buffer) => {
    let from = 0;
    while (greeting.length < 2 && from < chunk.length) {
      const end = chunk.indexOf(10, from);
      const to = end < 0 ? chunk.length : end + 1;
      head.push(chunk.subarray(from, to), (line) => greeting.push(line));
      from = to;
    }
    if (greeting.length === 2 && store === null) {
      store = parseGreeting(greeting[1] ?? '', where);
      events = new LineReader(where, store.from);
      greeted();
    }
    if (from < chunk.length) events.push(chunk.subarray(from), (line) => onLine(line, events.offset));
  };
  channel.stdout.on('data', (chunk: Buffer) => {
    if (failure) return;
    try {
      take(chunk);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      channel.close();
    }
  });
  channel.stdin.on('error', () => {}); // told by `ended`
  const ended = bridgeEnd(channel, where).then((error) => failure ?? error);
  await Promise.race([ready, ended]);
  if (store === null) throw failure ?? (await greetingFault(await ended, greeting, host, where));
  const write = (text: string): void => void channel.stdin.write(bytesOfText(text));
  return { store, write, forget: () => write('forget\n'), ended, close: () => channel.close() };
}

/** What the helper could not do before it ended; null when it did all, or has not ended after `limitMs`. */
export function awaitRefusal({ ended }: Bridge, clock: Clock, limitMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => resolve(null));
    void ended.then((end) => {
      cancel();
      resolve(end instanceof BridgeEnd ? end.refusal : null);
    });
  });
}

/** Waits for the end and says why, in an error that tells whether another try makes sense. */
async function bridgeEnd(channel: Channel, where: string): Promise<Error> {
  try {
    const { code, signal, stderr } = await channel.ended;
    const said = lastLine(stderr);
    const how = signal ? `signal ${signal}` : `code ${code}`;
    return new BridgeEnd(`the bridge ended with ${how}${said ? `: ${said}` : ''}`, where, code, said);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The bridge's own end; the link may be well. */
class BridgeEnd extends TransportError {
  constructor(
    what: string,
    where: string,
    readonly exitCode: number | null,
    /** Its last words. */
    readonly said: string,
  ) {
    super('E_CONN_LOST', { what, where });
  }

  /** What the helper said when it did not do all that it was told; null when it did. */
  get refusal(): string | null {
    return this.exitCode === 0 ? null : this.said.replace(/^gjob: /, '');
  }
}

function greetingFault(error: Error, greeting: readonly string[], { init }: Host, where: string): Error {
  // Without a code: a signal ended it, and another try may help.
  if (!(error instanceof BridgeEnd) || error.exitCode === null) return error;
  if (error.exitCode === HELPER_GONE) return new HostError('E_HELPER', { what: error.what, where });
  if (greeting.length === 0 && init.length > 0) {
    return new HostError('E_LOGIN_SHELL', {
      what: `the init lines failed: ${error.what}`,
      where,
      next: 'Correct the `init` of this host in the inventory; each line must succeed.',
    });
  }
  const { what, exitCode, refusal } = error;
  if (exitCode === TAKEN) return new HostError('E_BATCH_TAKEN', { what, where });
  if (exitCode === ELSEWHERE) return new HostError('E_ELSEWHERE', { what: refusal ?? what, where });
  return new HostError(exitCode === 3 ? 'E_ROOT' : 'E_PROTOCOL', { what, where });
}

/** The helper's exit code where another batch has the name. */
const TAKEN = 6;

/** The helper's exit code where the batch's agent is on another machine. */
const ELSEWHERE = 7;

/** Installing the helper and the host's login files. */
const START_MS = 120_000;
