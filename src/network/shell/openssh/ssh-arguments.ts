import type { SshDestination } from '../../../spec/host.js';
import type { SshOptions } from '../ssh-options.js';

/**
 * An ssh_config that puts our rules before the user's own: the first value wins there. A file, not `-o` arguments,
 * because `ssh` hands its configuration file on to the jump hosts' `ssh`, but not its arguments.
 */
export function configText(options: SshOptions, home: string): string {
  const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));
  const included = options.configFile ? [options.configFile] : [`${home}/.ssh/config`, '/etc/ssh/ssh_config'];
  return [
    `BatchMode ${options.prompt ? 'no' : 'yes'}`,
    `StrictHostKeyChecking ${options.hostKeyPolicy === 'strict' ? 'yes' : 'accept-new'}`,
    `ConnectTimeout ${seconds(options.connectTimeoutMs ?? 20_000)}`,
    `ServerAliveInterval ${seconds(options.keepaliveMs ?? 15_000)}`,
    `ServerAliveCountMax ${options.keepaliveCount ?? 3}`,
    'NumberOfPasswordPrompts 1',
    'ForwardAgent no',
    'ForwardX11 no',
    'PermitLocalCommand no',
    'LogLevel DEBUG1', // only the trace tells what a server said that is not SSH
    ...included.filter((file) => file !== 'none').map((file) => `Include "${file}"`),
    '',
  ].join('\n');
}

/** Arguments of the `ssh` that logs in and keeps the connection for the others. It runs no command. */
export function masterArguments(destination: SshDestination, config: string, socket: string): string[] {
  const { user, port, identity, address } = destination;
  return [
    ...['-F', config, '-S', socket, '-N', '-T', '-a', '-x'],
    ...[...MASTER_ONLY].flatMap((option) => ['-o', option]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(identity === undefined ? [] : ['-i', identity]),
    ...['--', address],
  ];
}

/** Arguments of an `ssh` that runs `command` over the master's connection, and never over one of its own. */
export function sessionArguments(socket: string, command: string): string[] {
  const options = ['ControlMaster=no', 'ProxyCommand=false', 'LogLevel=ERROR'].flatMap((option) => [
    '-o',
    option,
  ]);
  return ['-F', 'none', '-S', socket, ...options, '-T', '-a', '-x', '--', 'gpool', command];
}

/** Asks the master, not the host, whether it is there. */
export function checkArguments(socket: string): string[] {
  return ['-F', 'none', '-S', socket, '-O', 'check', '--', 'gpool'];
}

const MASTER_ONLY = [
  'ControlMaster=yes',
  'ControlPersist=no',
  'ClearAllForwardings=yes',
  'RemoteCommand=none',
  'ForkAfterAuthentication=no',
];
