import type { ServerHostKeyAlgorithm } from 'ssh2';
import { HostError } from '../../../errors.js';
import { allowedOf } from './allowed-algorithms.js';
import {
  findEntries,
  fingerprint,
  type HostKeyVerdict,
  judgeHostKey,
  type KnownHostsEntry,
  keyType,
} from './known-hosts.js';
import { addKnownHost, readKnownHosts } from './known-hosts-file.js';
import type { SshTarget } from './ssh-target.js';

/** Says at once whether a host key is accepted. Not a Promise: ssh2 takes any object for yes. */
export type HostKeyVerifier = (key: Buffer) => boolean;

/** Decides on one server's host key, from files read before the connection is made. */
export interface HostKeyCheck {
  /** The algorithms to offer, those of keys on file first. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** Called again at each rekey; the answer stays the same. Never throws. */
  readonly verify: HostKeyVerifier;
  /** Why `verify` said no. */
  readonly fault: HostError | undefined;
}

/** @throws HostError E_KNOWN_HOSTS for a file that cannot be read. */
export function createHostKeyCheck(target: SshTarget, policy: 'accept-new' | 'strict'): HostKeyCheck {
  const files = [...target.userKnownHosts, ...target.globalKnownHosts].map(readKnownHosts);
  const entries = findEntries(files, target.hostKeyName);
  // OpenSSH accepts a key that is listed for the name without its port; it never refuses because of it.
  const portless = target.port === 22 ? [] : findEntries(files, target.hostName.toLowerCase());
  // Where an authority vouches for hosts, a key that nobody has vouched for is not just new.
  const vouched = [...entries, ...portless].some(({ marker }) => marker === 'cert-authority');
  const strict = policy === 'strict' || target.hostKeyChecking === 'yes' || vouched;
  return new KnownHostsCheck(target, entries, portless, strict);
}

class KnownHostsCheck implements HostKeyCheck {
  fault: HostError | undefined;
  #accepted: Buffer | undefined;

  constructor(
    readonly target: SshTarget,
    readonly entries: readonly KnownHostsEntry[],
    readonly portless: readonly KnownHostsEntry[],
    readonly strict: boolean,
  ) {}

  get algorithms(): ServerHostKeyAlgorithm[] {
    const { serverHostKey } = this.target.allowed;
    const ordered = orderAlgorithms([...this.entries, ...this.portless].map((entry) => entry.type));
    return allowedOf(ordered, serverHostKey, 'HostKeyAlgorithms', this.target.where);
  }

  readonly verify: HostKeyVerifier = (key) => {
    if (this.#accepted?.equals(key)) return true;
    try {
      if (this.#accepted) throw swappedKey(this.target.where, this.#accepted, key);
      this.#accept(this.#judge(key), key);
      this.#accepted = Buffer.from(key);
      return true;
    } catch (error) {
      this.fault =
        error instanceof HostError
          ? error
          : new HostError('E_KNOWN_HOSTS', { what: String(error), where: this.target.where });
      return false;
    }
  };

  #judge(key: Buffer): HostKeyVerdict {
    const verdict = judgeHostKey(this.entries, key);
    if (verdict.kind !== 'unknown') return verdict;
    const other = judgeHostKey(this.portless, key);
    return other.kind === 'changed' ? verdict : other;
  }

  #accept(verdict: HostKeyVerdict, key: Buffer): void {
    const { where, hostKeyName, userKnownHosts, hashKnownHosts } = this.target;
    if (verdict.kind === 'known') return;
    if (verdict.kind === 'revoked')
      throw new HostError('E_HOSTKEY_REVOKED', {
        what: `its host key ${describeKey(key)} is revoked in ${verdict.at}`,
        where,
      });
    if (verdict.kind === 'changed') throw changedKey(where, verdict.entries, key);
    if (this.strict) throw unknownKey(where, [...this.entries, ...this.portless], key);
    const [file] = userKnownHosts;
    if (file === undefined) return;
    // Another connection may have met the same host since the files were read.
    const now = judgeHostKey(findEntries([readKnownHosts(file)], hostKeyName), key);
    if (now.kind === 'unknown') addKnownHost(file, hostKeyName, key, hashKnownHosts);
    else this.#accept(now, key);
  }
}

/** All algorithms we accept, best first, those of the key types on file in front. SHA-1 is not among them. */
function orderAlgorithms(typesOnFile: readonly string[]): ServerHostKeyAlgorithm[] {
  const onFile = ACCEPTED.filter(([type]) => typesOnFile.includes(type));
  const others = ACCEPTED.filter((entry) => !onFile.includes(entry));
  return [...onFile, ...others].map(([, algorithm]) => algorithm);
}

function swappedKey(where: string, before: Buffer, key: Buffer): HostError {
  const what = `its host key is now ${describeKey(key)}, a moment ago it was ${describeKey(before)}`;
  return new HostError('E_HOSTKEY_CHANGED', { what, where });
}

function changedKey(where: string, entries: readonly KnownHostsEntry[], key: Buffer): HostError {
  const old = entries.map((entry) => `${entry.type} ${fingerprint(entry.key)} in ${entry.at}`).join(', ');
  return new HostError('E_HOSTKEY_CHANGED', {
    what: `its host key is ${describeKey(key)}, on file is ${old}`,
    where,
  });
}

function unknownKey(where: string, entries: readonly KnownHostsEntry[], key: Buffer): HostError {
  const what = `its host key ${describeKey(key)} is not in known_hosts`;
  const authority = entries.find((entry) => entry.marker === 'cert-authority');
  if (authority === undefined) return new HostError('E_HOSTKEY_UNKNOWN', { what, where });
  const next = `${authority.at} trusts a certificate authority for this host: use --transport openssh.`;
  return new HostError('E_HOSTKEY_UNKNOWN', { what, where, next });
}

function describeKey(key: Buffer): string {
  return `${keyType(key)} ${fingerprint(key)}`;
}

const ACCEPTED: readonly (readonly [type: string, algorithm: ServerHostKeyAlgorithm])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['ssh-rsa', 'rsa-sha2-512'],
  ['ssh-rsa', 'rsa-sha2-256'],
];
