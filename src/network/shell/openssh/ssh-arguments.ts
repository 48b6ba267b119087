import type { SshDestination } from '../../../spec/host.js';
import type { SshOptions } from '../ssh-options.js';

/** The strictness of a host key check on one host of the way. */
export interface HostKeyRule {
  /** As it is typed: the jump host's name for the `ssh` that goes there. */
  readonly name: string;
  readonly check: 'yes' | 'accept-new';
}

/** What the user's own files say about a destination, and how its keys are to be checked. */
export interface UserSettings {
  readonly rules: readonly HostKeyRule[];
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
}

/** The user's configuration as it stands. Behind it our own policy, which so only counts where the user has none: the first value wins there. */
export function userConfigText({ configFile }: SshOptions, home: string): string {
  const included = configFile ? [configFile] : [`${home}/.ssh/config`, '/etc/ssh/ssh_config'];
  return [
    ...included.filter((file) => file !== 'none').map((file) => `Include "${file}"`),
    'Match all',
    'StrictHostKeyChecking accept-new',
    '',
  ].join('\n');
}

/**
 * An ssh_config that puts before the user's own what may not be looser. A file, not `-o` arguments, because `ssh` hands its
 * configuration file on to the jump hosts' `ssh`, but not its arguments.
 */
export function configText(options: SshOptions, settings: UserSettings, home: string): string {
  const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));
  return [
    ...(options.prompt ? [] : ['BatchMode yes']),
    ...(options.hostKeyPolicy === 'strict' ? ['StrictHostKeyChecking yes'] : []),
    `ConnectTimeout ${seconds(settings.connectTimeoutMs)}`,
    `ServerAliveInterval ${seconds(settings.keepaliveMs)}`,
    `ServerAliveCountMax ${settings.keepaliveCount}`,
    'NumberOfPasswordPrompts 1',
    'ForwardAgent no',
    'ForwardX11 no',
    'PermitLocalCommand no',
    'LogLevel DEBUG1', // only the trace tells what a server said that is not SSH
    ...settings.rules.flatMap(({ name, check }) => [
      `Match originalhost ${name}`,
      `StrictHostKeyChecking ${check}`,
    ]),
    'Match all',
    userConfigText(options, home),
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
