import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Keeps what V8 compiled, its CRC-32 behind it: V8 takes damaged code for good, and falls over it. */
export function writeCompiled(file: string, code: Buffer): void {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32LE(crc32(code));
  writeFileSync(file, Buffer.concat([code, sum]));
}

/** What is kept there; undefined when there is nothing, or nothing whole. */
export function readCompiled(file: string): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const end = bytes.length - SUM_BYTES;
  return end > 0 && crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end)
    ? bytes.subarray(0, end)
    : undefined;
}

const SUM_BYTES = 4;
