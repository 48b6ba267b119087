import { readFileSync, type Stats, statSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import { HostError } from '../../../errors.js';
import type { PromptDesk } from './prompt-desk.js';

/** A private key on this machine. */
export type KeyFile = {
  readonly path: string;
  /** Why it may not be used as it lies there, as ssh has it: it is ours and others may read it. */
  readonly exposed: HostError | null;
} & (
  | { readonly kind: 'plain'; readonly key: ParsedKey }
  /** Its passphrase is still to be asked for. */
  | { readonly kind: 'encrypted'; readonly text: string }
);

/**
 * Reads a private key without asking for anything.
 *
 * @throws HostError E_KEY when it cannot be read or is no private key. Null when there is no such file.
 */
export function readKeyFile(path: string): KeyFile | null {
  let text: string;
  let exposed: HostError | null;
  try {
    text = readFileSync(path, 'latin1');
    exposed = exposure(path, statSync(path));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw keyError(path, 'the private key cannot be read');
  }
  const key = parse(text);
  if (!(key instanceof Error)) return { kind: 'plain', path, exposed, key };
  if (/passphrase/i.test(key.message)) return { kind: 'encrypted', path, exposed, text };
  throw keyError(path, 'this is no private key that gpool can use');
}

/** The public part of an encrypted key, from the file itself (OpenSSH's format keeps it in clear) or from `FILE.pub`. */
export function publicPart(file: Extract<KeyFile, { kind: 'encrypted' }>): ParsedKey | null {
  try {
    const key = parsePublic(readFileSync(`${file.path}.pub`, 'latin1'));
    if (key) return key;
  } catch {
    // there need not be one
  }
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(file.text)?.[1] ?? '';
  const blob = publicBlob(Buffer.from(body, 'base64'));
  return blob && parsePublic(blob);
}

/**
 * The key itself. Its passphrase is asked for once in the whole process, and the key opened once: that alone is a second
 * of work on purpose.
 *
 * @throws HostError E_KEY when nobody can be asked, or the passphrase is wrong.
 */
export async function unlockKeyFile(file: KeyFile, desk: PromptDesk | undefined): Promise<ParsedKey> {
  if (file.kind === 'plain') return file.key;
  if (desk === undefined)
    throw keyError(file.path, 'the private key has a passphrase and nobody can be asked for it');
  const unlocking = desk.keys.get(file.path) ?? unlock(file.path, file.text, desk);
  desk.keys.set(file.path, unlocking);
  return unlocking;
}

async function unlock(path: string, text: string, desk: PromptDesk): Promise<ParsedKey> {
  const passphrase = await desk.ask(`Passphrase for ${path}: `).catch(() => {
    throw keyError(path, 'nobody gave the passphrase of the private key');
  });
  const key = parse(text, passphrase);
  if (key instanceof Error) throw keyError(path, 'the passphrase of the private key is wrong');
  return key;
}

function exposure(path: string, { uid, mode }: Stats): HostError | null {
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return null;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  const what = `others may read or change the private key (its mode is ${octal}), so it is not used`;
  return new HostError('E_KEY', { what, where: path, next: `\`chmod 600 ${path}\`, as ssh asks for, too.` });
}

function parse(text: string, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined) return new Error('empty');
  return key instanceof Error || key.isPrivateKey() ? key : new Error('a public key');
}

function parsePublic(text: string | Buffer): ParsedKey | null {
  const parsed = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error ? null : key;
}

/** Magic, cipher, kdf, kdf options, number of keys, public key: see PROTOCOL.key of OpenSSH. */
function publicBlob(body: Buffer): Buffer | null {
  try {
    let at = MAGIC.length;
    for (let field = 0; field < 3; field++) at += 4 + body.readUInt32BE(at);
    at += 4;
    return body.subarray(at + 4, at + 4 + body.readUInt32BE(at));
  } catch {
    return null;
  }
}

/** No cause: it could carry the text of the key. */
function keyError(where: string, what: string): HostError {
  return new HostError('E_KEY', { what, where });
}

const MAGIC = 'openssh-key-v1\0';
