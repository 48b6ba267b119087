import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerChannel } from 'ssh2';
import type { EmbeddedFaults } from './embedded-host-options.js';
import { pumpOutput } from './pump-output.js';

/** The account that commands run under. */
export interface Account {
  readonly user: string;
  readonly home: string;
  readonly shell: string;
}

/** Sends a signal, by its name without SIG, to a command's process group. */
export type SendSignal = (name: string) => void;

/**
 * Runs a command as sshd does: `$SHELL -c command` in the home, a clean environment, a process group of its own. When
 * the channel or its connection goes first, the group gets SIGHUP.
 */
export function startExec(
  channel: ServerChannel,
  command: string,
  account: Account,
  connection: string,
  faults: EmbeddedFaults,
): SendSignal {
  const child = spawn(account.shell, ['-c', faults.forceCommand ?? command], {
    cwd: account.home,
    detached: true,
    env: loginEnvironment(account, connection, faults.forceCommand === undefined ? undefined : command),
    stdio: 'pipe',
  });
  if (faults.loginNoise !== undefined) channel.write(faults.loginNoise);
  connectStreams(child, channel);
  channel.once('close', () => signalGroup(child, 'HUP'));
  return (name) => signalGroup(child, name);
}

function connectStreams(child: ChildProcessWithoutNullStreams, channel: ServerChannel): void {
  channel.pipe(child.stdin);
  // What a command leaves unread must not block the connection's window.
  child.stdin.on('error', () => channel.resume());
  channel.on('error', () => {});
  channel.once('close', () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  Promise.all([once(child, 'exit'), pumpOutput(channel, child.stdout, child.stderr)]).then(
    () => endChannel(channel, child.exitCode, child.signalCode),
    () => endChannel(channel, 127, null),
  );
}

/** The exit status goes out after all output and before the end of the channel. */
function endChannel(channel: ServerChannel, code: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) channel.exit(code ?? 255);
  else channel.exit(signal.replace(/^SIG/, ''), false, '');
  channel.end();
}

function signalGroup(child: ChildProcessWithoutNullStreams, name: string): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, `SIG${name}`);
  } catch {
    // no such group any more, or a signal name that this system does not have
  }
}

function loginEnvironment(account: Account, connection: string, original?: string): NodeJS.ProcessEnv {
  const [clientAddress, clientPort, , serverPort] = connection.split(' ');
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/games',
    HOME: account.home,
    USER: account.user,
    LOGNAME: account.user,
    SHELL: account.shell,
    SSH_CLIENT: `${clientAddress} ${clientPort} ${serverPort}`,
    SSH_CONNECTION: connection,
    ...(original === undefined ? {} : { SSH_ORIGINAL_COMMAND: original }),
  };
}
