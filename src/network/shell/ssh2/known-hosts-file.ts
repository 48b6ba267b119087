import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostError } from '../../../errors.js';
import { hashHostName, type KnownHostsText, keyType } from './known-hosts.js';

/**
 * Reads a known_hosts file. Synchronous because a host key must be judged before the next byte of the handshake is read.
 *
 * @throws HostError E_KNOWN_HOSTS when it exists and cannot be read: an unreadable list must not count as an empty one.
 */
export function readKnownHosts(path: string): KnownHostsText {
  try {
    return { path, text: readFileSync(path, 'latin1') };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { path, text: '' };
    throw new HostError('E_KNOWN_HOSTS', { what: 'known_hosts cannot be read', where: path, cause });
  }
}

/**
 * Adds one line for a new host key, hashed when asked or when the file already is. The line is one appending write, so that several
 * processes may add at the same time and no reader sees half a line.
 *
 * @throws HostError E_KNOWN_HOSTS when it cannot be written, or for a name that would say more than one host.
 */
export function addKnownHost(path: string, name: string, key: Buffer, hash: boolean): void {
  if (/[\s,*?!@#|\\]/.test(name) || name === '')
    throw knownHostsError(path, `the name ${JSON.stringify(name)} cannot stand in known_hosts`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { text } = readKnownHosts(path);
    const hashed = hash || /^\|1\|/m.test(text);
    const host = hashed ? hashHostName(name, randomBytes(20)) : name;
    const newline = text === '' || text.endsWith('\n') ? '' : '\n';
    appendLine(path, `${newline}${host} ${keyType(key)} ${key.toString('base64')}\n`);
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    throw knownHostsError(path, 'the new host key cannot be recorded', cause);
  }
}

function appendLine(path: string, line: string): void {
  const file = openSync(path, 'a', 0o600);
  try {
    writeSync(file, line);
  } finally {
    closeSync(file);
  }
}

function knownHostsError(where: string, what: string, cause?: unknown): HostError {
  return new HostError('E_KNOWN_HOSTS', {
    what,
    where,
    cause,
    next: 'Make the file writable, or add the key with `ssh-keyscan` after comparing its fingerprint.',
  });
}
