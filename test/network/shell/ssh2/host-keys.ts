import { generateKeyPairSync } from 'node:crypto';

/** A public host key as known_hosts has it, `type base64`; its private half is thrown away. */
export function makeKey(type: 'ssh-ed25519' | 'ecdsa-sha2-nistp256'): string {
  const { publicKey } =
    type === 'ssh-ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const jwk = publicKey.export({ format: 'jwk' });
  const [x, y] = [Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')];
  const fields = type === 'ssh-ed25519' ? [type, x] : [type, 'nistp256', Buffer.concat([Buffer.of(4), x, y])];
  return `${type} ${Buffer.concat(fields.map(sshString)).toString('base64')}`;
}

/** The key blob of such a line. */
export function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

function sshString(field: string | Buffer): Buffer {
  const bytes = Buffer.from(field);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
