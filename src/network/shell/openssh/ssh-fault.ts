import { ERROR_CODES, type ErrorCode, HostError, TransportError } from '../../../errors.js';

/** Turns what `ssh` said when it gave up, trace included, into an error of ours; its last word goes into the message. */
export function sshFault(stderr: string, where: string): HostError | TransportError {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('debug'));
  const said = lines.join('\n');
  const code = FAULTS.find(([pattern]) => pattern.test(said))?.[1] ?? greetingFault(said, stderr);
  const what = code === 'E_HOSTKEY_CHANGED' ? changedKey(said) : lastWord(lines);
  return ERROR_CODES[code].domain === 'host'
    ? new HostError(code, { what, where })
    : new TransportError(code, { what, where });
}

function lastWord(lines: readonly string[]): string {
  return lines.at(-1)?.trim().replace(/\.$/, '') ?? 'ssh ended without a word';
}

/** What a server says instead of a proper greeting is only in the trace. */
function greetingFault(said: string, stderr: string): ErrorCode {
  const greeting = /banner line \d+: (.*)/.exec(stderr)?.[1];
  if (greeting === undefined || !said.includes('kex_exchange_identification')) return 'E_CONN_LOST';
  return greeting.startsWith('Not allowed at this time') ? 'E_PENALTY' : 'E_NOT_SSH';
}

/** The words of OpenSSH 7.4 to 10, in the order in which they win: a cause before its consequence. */
const FAULTS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/is marked as revoked|REVOKED HOST KEY DETECTED/, 'E_HOSTKEY_REVOKED'],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|HOST IDENTIFICATION HAS CHANGED/, 'E_HOSTKEY_CHANGED'],
  [/No \S+ host key is known for|Host key verification failed/, 'E_HOSTKEY_UNKNOWN'],
  [
    /Bad configuration option|bad configuration options|Bad owner or permissions|Can't open user config/,
    'E_SSH_CONFIG',
  ],
  [/Load key .*(?:invalid format|error in libcrypto|Permission denied|bad permissions)/, 'E_KEY'],
  [/UNPROTECTED PRIVATE KEY FILE|incorrect passphrase supplied/, 'E_KEY'],
  [/Permission denied \(|Permission denied, please try again|Too many authentication failures/, 'E_AUTH'],
  [/[Nn]o more authentication methods|No supported authentication methods/, 'E_AUTH'],
  [/Could not resolve hostname/, 'E_DNS'],
  [/Unable to negotiate with|no matching (?:host key|cipher|key exchange|MAC)/, 'E_KEX'],
  [
    /banner line contains invalid|invalid SSH identification|Protocol mismatch|Bad packet length/,
    'E_NOT_SSH',
  ],
  [/banner exchange: .*(?:invalid format|message too long)/, 'E_NOT_SSH'],
  [/session request failed|[Ss]ession open refused|open failed/, 'E_CHANNEL'],
  [/Connection refused/, 'E_CONN_REFUSED'],
  [/timed out|No route to host|Network is unreachable|Host is down/, 'E_CONN_TIMEOUT'],
];

function changedKey(stderr: string): string {
  const sent = /(SHA256:\S+?)\.?\s*$/m.exec(stderr)?.[1] ?? 'an unknown key';
  const place = /Offending (\S+) key in (.+:\d+)/.exec(stderr);
  const known = place ? `, not the ${place[1]} key at ${place[2]}` : '';
  return `the host key has changed: it now has ${sent}${known}`;
}
