import type { ClientChannel } from 'ssh2';
import { HostError, TransportError } from '../../../errors.js';
import { SCRIPT_SHELL } from '../remote-script.js';
import type { ScriptProcess } from '../script-process.js';
import { lostError } from './connect-error.js';
import type { Connection } from './connection.js';

/** Something that takes one of the server's sessions until it is over. */
export interface Held<T> {
  readonly value: T;
  readonly closed: Promise<void>;
}

/** The server has no session left for us (MaxSessions): worth trying again when one was given back. */
export class ChannelRefused extends TransportError {}

/** Starts the script shell in a channel of its own. */
export function startProcess(connection: Connection): Promise<Held<ScriptProcess>> {
  const started = new Promise<Held<ScriptProcess>>((resolve, reject) => {
    connection.client.exec(`exec ${SCRIPT_SHELL.join(' ')}`, (error, channel) => {
      // The listeners must be there before this returns: the exit status may be in the same packet as the answer.
      if (error) reject(channelError(error, connection, 'it does not let this account run commands'));
      else resolve(adoptChannel(channel, connection));
    });
  });
  return connection.guard(started.catch((error: unknown) => Promise.reject(channelError(error, connection))));
}

/** Tells a refused session from a lost link; `refusal` says what it means when the server just says no. */
export function channelError(error: unknown, { where, error: lost }: Connection, refusal = ''): Error {
  if (error instanceof TransportError || error instanceof HostError) return error;
  if (lost) return lost;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'reason' in error)
    return new ChannelRefused('E_CHANNEL', {
      what: `the server refused a session: ${message}`,
      where,
      cause: error,
    });
  if (/^Unable to/.test(message) && refusal !== '')
    return new HostError('E_LOGIN_SHELL', { what: refusal, where, cause: error });
  return lostError(message, where, error);
}

function adoptChannel(channel: ClientChannel, connection: Connection): Held<ScriptProcess> {
  let exit: { code: number | null; signal: string | null } | undefined;
  let end: (error: Error) => void = () => {};
  const killed = new Promise<never>((_, reject) => {
    end = reject;
  });
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = { code, signal: signal?.replace(/^SIG/, '') ?? null };
  });
  const closed = new Promise<void>((resolve) => channel.once('close', resolve));
  const silent = new Promise<void>((resolve) => channel.stderr.once('close', resolve));
  const exited = Promise.all([closed, silent]).then(() => {
    if (exit) return exit;
    throw connection.error ?? lostError('the command ended without an exit status', connection.where);
  });
  const settled = connection.guard(Promise.race([exited, killed]));
  settled.catch(() => {}); // whoever needs it waits for it
  const kill = () => {
    end(lostError('the channel was closed from this side', connection.where));
    channel.close();
    channel.resume(); // unread data would keep it from closing
    channel.stderr.resume();
  };
  const gone = connection.guard(closed.then(() => settled)).then(
    () => {},
    () => {},
  );
  return {
    value: { stdin: channel, stdout: channel, stderr: channel.stderr, exited: settled, kill },
    closed: gone,
  };
}
