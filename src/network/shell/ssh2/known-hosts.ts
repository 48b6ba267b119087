import { createHash, createHmac } from 'node:crypto';
import { matchesPatternList } from './pattern-list.js';

/** A known_hosts file as read; a missing file has the empty text. */
export interface KnownHostsText {
  readonly path: string;
  readonly text: string;
}

/** A line of known_hosts that speaks of the host asked for. */
export interface KnownHostsEntry {
  /** `/home/me/.ssh/known_hosts:12` */
  readonly at: string;
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  readonly type: string;
  readonly key: Buffer;
}

/** What known_hosts says about a key. */
export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly at: string }
  | { readonly kind: 'unknown' }
  /** The host is listed, but not with this key: another key or only other key types. */
  | { readonly kind: 'changed'; readonly entries: readonly KnownHostsEntry[] }
  | { readonly kind: 'revoked'; readonly at: string };

/**
 * Judges a server's key as OpenSSH does, with one difference: a host that is listed with other key types only counts as
 * changed, not as new, or else whoever sits in between could offer the one type that is not on file.
 */
export function judgeHostKey(entries: readonly KnownHostsEntry[], key: Buffer): HostKeyVerdict {
  const revoked = entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked) return { kind: 'revoked', at: revoked.at };
  const plain = entries.filter((entry) => entry.marker === 'none');
  const same = plain.find((entry) => entry.key.equals(key));
  if (same) return { kind: 'known', at: same.at };
  return plain.length > 0 ? { kind: 'changed', entries: plain } : { kind: 'unknown' };
}

/** The valid lines that speak of `name`, the same that `ssh-keygen -F name` finds. Lines that are malformed do not count. */
export function findEntries(files: readonly KnownHostsText[], name: string): KnownHostsEntry[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const entry = parseLine(line, name);
      return entry === null ? [] : [{ ...entry, line: index + 1, at: `${path}:${index + 1}` }];
    }),
  );
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type a key blob says it is: its first string. */
export function keyType(key: Buffer): string {
  return readStrings(key)?.[0]?.toString('latin1') ?? 'unknown';
}

/** A name as `HashKnownHosts yes` writes it. `salt` has 20 bytes. */
export function hashHostName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

function parseLine(line: string, name: string): Omit<KnownHostsEntry, 'at' | 'line'> | null {
  const words = line.trim().split(/[ \t]+/);
  const first = words[0] ?? '';
  if (first === '' || first.startsWith('#')) return null;
  const marker = MARKERS.get(first.startsWith('@') ? (words.shift() ?? '') : '');
  const [names = '', type = '', blob = ''] = words;
  if (marker === undefined || !speaksOf(names, name)) return null;
  const key = decodeKey(type, blob);
  return key === null ? null : { marker, type, key };
}

function speaksOf(names: string, name: string): boolean {
  if (!names.startsWith('|')) return matchesPatternList(name, names);
  const salt = /^\|1\|([^|]+)\|[^|]+$/.exec(names)?.[1];
  return salt !== undefined && hashHostName(name, Buffer.from(salt, 'base64')) === names;
}

function decodeKey(type: string, blob: string): Buffer | null {
  const fields = KEY_FIELDS.get(type);
  if (fields === undefined || blob.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return null;
  const key = Buffer.from(blob, 'base64');
  const strings = readStrings(key);
  return strings?.length === fields && strings[0]?.toString('latin1') === type ? key : null;
}

/** The length-prefixed strings that a key blob consists of, or null when they do not fill it exactly. */
function readStrings(blob: Buffer): Buffer[] | null {
  const strings: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return null;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return null;
    strings.push(blob.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

const MARKERS = new Map<string, KnownHostsEntry['marker']>([
  ['', 'none'],
  ['@revoked', 'revoked'],
  ['@cert-authority', 'cert-authority'],
]);

/** How many strings a key of each type has. */
const KEY_FIELDS = new Map([
  ['ssh-ed25519', 2],
  ['ssh-rsa', 3],
  ['ssh-dss', 5],
  ['ecdsa-sha2-nistp256', 3],
  ['ecdsa-sha2-nistp384', 3],
  ['ecdsa-sha2-nistp521', 3],
  ['sk-ssh-ed25519@openssh.com', 3],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 4],
]);
