import { isUtf8 } from 'node:buffer';

/**
 * Text for bytes from outside. What is not UTF-8 stays: each such byte becomes a lone surrogate, 0x80 U+DC80 to 0xFF U+DCFF, as in
 * Python's surrogateescape. No text that is UTF-8 has one, JSON keeps them, and `bytesOfText` gives the bytes back.
 */
export function textOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const parts: string[] = [];
  let good = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      parts.push(bytes.toString('utf8', good, at), String.fromCharCode(FIRST + (bytes[at] ?? 0)));
      good = at + 1;
    }
    at += length || 1;
  }
  parts.push(bytes.toString('utf8', good));
  return parts.join('');
}

/** The bytes of a text, those that `textOfBytes` has put away among them. */
export function bytesOfText(text: string): Buffer {
  if (!holdsBytes(text)) return Buffer.from(text);
  const parts = text.split(ESCAPED_PARTS);
  return Buffer.concat(parts.map((part) => (holdsBytes(part) ? rawBytes(part) : Buffer.from(part))));
}

/** Whether a text has bytes in it that are not UTF-8. */
export function holdsBytes(text: string): boolean {
  return ESCAPED.test(text);
}

/** A local path for Node's `fs`, which knows names that are not UTF-8 only as bytes. */
export function localPath(path: string): string | Buffer {
  return holdsBytes(path) ? bytesOfText(path) : path;
}

/** How many bytes the character there has; 0 when it is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

function rawBytes(text: string): Buffer {
  return Buffer.from(Array.from({ length: text.length }, (_, at) => text.charCodeAt(at) - FIRST));
}

/** What stands for the byte 0, were it not UTF-8. */
const FIRST = 0xdc00;
/** Not the second half of a character beyond U+FFFF. */
const ESCAPED = /(?<![\ud800-\udbff])[\udc80-\udcff]/;
const ESCAPED_PARTS = /((?<![\ud800-\udbff])[\udc80-\udcff]+)/;
