import { existsSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../../errors.js';
import type { SshDestination } from '../../../spec/host.js';
import type { ConfigValues } from './ssh-config-file.js';
import type { HostKeyChecking, IdentityFile, ProxyRoute, SshTarget } from './ssh-target.js';

/**
 * Turns resolved ssh_config values into a target: tokens and `~` expanded, defaults of OpenSSH filled in.
 */
export function targetFromConfig(destination: SshDestination, values: ConfigValues): SshTarget {
  const one = (key: string) => values.get(key)?.[0];
  const user = destination.user ?? one('user') ?? userInfo().username;
  const port = destination.port ?? numberOf(one('port')) ?? 22;
  const plain = one('hostname') ?? destination.address.toLowerCase();
  const hostName = plain.replaceAll('%h', destination.address.toLowerCase()).replaceAll('%%', '%');
  const where = `${user}@${destination.address}:${port}`;
  const expand = (text: string) => expandTokens(text, { user, port, hostName, address: destination.address });
  const files = (key: string, usual: string[]) =>
    splitFiles(one(key), usual).map((path) => homePath(expand(path)));
  return {
    where,
    hostName,
    port,
    user,
    family: ({ inet: 4, inet6: 6 } as const)[one('addressfamily') ?? ''],
    identityFiles: identityFiles(destination, values, expand),
    identitiesOnly: one('identitiesonly') === 'yes',
    agentSocket: agentSocket(one('identityagent'), expand),
    proxy: proxyOf(one('proxyjump'), one('proxycommand'), expand),
    userKnownHosts: files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHosts: files('globalknownhostsfile', [
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ]),
    hostKeyName: (one('hostkeyalias') ?? hostKeyName(hostName, port)).toLowerCase(),
    hashKnownHosts: one('hashknownhosts') === 'yes',
    hostKeyChecking: hostKeyChecking(one('stricthostkeychecking')),
    allowed: {
      kex: namesOf(one('kexalgorithms')),
      cipher: namesOf(one('ciphers')),
      hmac: namesOf(one('macs')),
      serverHostKey: namesOf(one('hostkeyalgorithms')),
    },
    methods: methodsOf(one),
    silent: isYes(one('batchmode')),
    connectTimeoutMs: seconds(one('connecttimeout')),
    keepaliveMs: seconds(one('serveraliveinterval')),
    keepaliveCount: numberOf(one('serveralivecountmax')),
  };
}

/** The name of a server in known_hosts. */
export function hostKeyName(hostName: string, port: number): string {
  return port === 22 ? hostName : `[${hostName}]:${port}`;
}

function identityFiles(
  destination: SshDestination,
  values: ConfigValues,
  expand: (text: string) => string,
): IdentityFile[] {
  const listed = values.get('identityfile') ?? USUAL_KEYS;
  const paths = [...(destination.identity === undefined ? [] : [destination.identity]), ...listed]
    .filter((path) => path !== 'none')
    .map((path) => homePath(expand(path)));
  const usual = USUAL_KEYS.map(homePath);
  return [...new Set(paths)].map((path) => ({ path, named: !usual.includes(path) }));
}

/** Older and newer clients print different words for one thing. */
function hostKeyChecking(value = 'ask'): HostKeyChecking {
  if (isYes(value)) return 'yes';
  if (isNo(value)) return 'no';
  return value === 'accept-new' ? value : 'ask';
}

/** A list that adds to OpenSSH's own (`+ssh-rsa`) or reorders it restricts nothing; only our own reader of ssh_config shows such. */
function namesOf(value: string | undefined): readonly string[] | undefined {
  return value === undefined || /^[-+^]/.test(value) ? undefined : value.split(',');
}

function methodsOf(one: (key: string) => string | undefined): ReadonlySet<string> {
  const preferred = one('preferredauthentications')?.split(',');
  const open = [...METHOD_SETTINGS].filter(([name, keys]) => {
    const ruledOut = keys.some((key) => isNo(one(key)));
    return !ruledOut && (preferred?.includes(name) ?? true);
  });
  return new Set(open.map(([name]) => name));
}

function isYes(value: string | undefined): boolean {
  return value === 'yes' || value === 'true';
}

function isNo(value: string | undefined): boolean {
  return value === 'no' || value === 'false' || value === 'off';
}

function agentSocket(setting: string | undefined, expand: (text: string) => string): string | null {
  if (setting === 'none') return null;
  if (setting === undefined || setting === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || null;
  if (setting.startsWith('$')) return process.env[setting.slice(1)] || null;
  return homePath(expand(setting));
}

function proxyOf(
  jump: string | undefined,
  command: string | undefined,
  expand: (text: string) => string,
): ProxyRoute {
  if (jump !== undefined && jump !== 'none')
    return { kind: 'jump', hops: jump.split(',').map((hop) => hop.trim()) };
  if (command !== undefined && command !== 'none') return { kind: 'command', command: expand(command) };
  return { kind: 'none' };
}

interface Tokens {
  readonly user: string;
  readonly port: number;
  readonly hostName: string;
  readonly address: string;
}

/** The tokens of ssh_config(5) that make sense here; an unknown one stays as it is. */
function expandTokens(text: string, { user, port, hostName, address }: Tokens): string {
  const me = userInfo();
  const table: Record<string, string> = {
    '%%': '%',
    '%h': hostName,
    '%n': address,
    '%p': String(port),
    '%r': user,
    '%u': me.username,
    '%d': homedir(),
    '%i': String(me.uid),
    '%l': hostname(),
    '%L': hostname().split('.')[0] ?? '',
  };
  return text
    .replace(/%./g, (token) => table[token] ?? token)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole);
}

/**
 * Both would make us accept a key that the user's own ssh refuses.
 *
 * @throws HostError E_SSH_CONFIG for settings that guard the host key and that the ssh2 transport does not know.
 */
export function refuseUnknownGuards(values: ConfigValues, where: string): void {
  for (const key of ['revokedhostkeys', 'knownhostscommand']) {
    const value = values.get(key)?.[0];
    if (value === undefined || value === 'none') continue;
    throw new HostError('E_SSH_CONFIG', {
      what: `${key} is not supported by the ssh2 transport`,
      where,
      next: 'Use --transport openssh for this host.',
    });
  }
}

/** `ssh -G` prints a list without quotes: a value that is a file as it stands is one path with blanks. */
function splitFiles(value: string | undefined, usual: string[]): string[] {
  if (value === undefined) return usual;
  if (existsSync(value)) return [value];
  return value.split(/\s+/).filter((path) => path !== '' && path !== 'none');
}

function homePath(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** Plain seconds or OpenSSH's `1m30s`; zero and `none` mean unset. */
function seconds(value: string | undefined): number | undefined {
  let total = 0;
  for (const [, count, unit = ''] of (value ?? '').matchAll(/(\d+)([smhd]?)/gi))
    total += Number(count) * (UNITS[unit.toLowerCase()] ?? 1);
  return total > 0 ? total * 1000 : undefined;
}

function numberOf(value: string | undefined): number | undefined {
  return value === undefined || !/^\d+$/.test(value) ? undefined : Number(value);
}

/** How to log in, and the settings that rule it out. */
const METHOD_SETTINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['publickey', ['pubkeyauthentication']],
  ['keyboard-interactive', ['kbdinteractiveauthentication', 'challengeresponseauthentication']],
  ['password', ['passwordauthentication']],
]);
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const USUAL_KEYS = ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa'].map(
  (type) => `~/.ssh/id_${type}`,
);
