import ssh2 from 'ssh2';

/** A key pair in OpenSSH's formats. */
export interface KeyPair {
  /** The private key as OpenSSH keeps it in a file. */
  readonly privateKey: string;
  /** One line: type and base64, no comment. */
  readonly publicKey: string;
}

/**
 * A fresh ed25519 key pair. ssh2 1.17 writes about 3 in 1,000 of them without a leading zero byte, which nobody can
 * use: each is proved by a signature.
 */
export function generateKey(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (signs(pair.private, pair.public)) return { privateKey: pair.private, publicKey: pair.public.trim() };
  }
}

function signs(privateKey: string, publicKey: string): boolean {
  const secret = ssh2.utils.parseKey(privateKey);
  const open = ssh2.utils.parseKey(publicKey);
  if (secret instanceof Error || open instanceof Error) return false;
  const text = Buffer.from('gpool');
  const signature: unknown = secret.sign(text);
  return Buffer.isBuffer(signature) && open.verify(text, signature) === true;
}
