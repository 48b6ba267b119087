import { readFileSync } from 'node:fs';
import { textOfBytes } from '../bytes.js';
import { SpecError } from '../errors.js';

/**
 * The words of the command line as they were typed: Node gives U+FFFD for what is not UTF-8, the kernel still has the bytes.
 * Throws a SpecError (E_USAGE) where it does not tell them.
 */
export function readArguments(
  argv: readonly string[],
  readRaw: () => readonly Buffer[] = () => readKernel('cmdline'),
): readonly string[] {
  if (!argv.some(isDoubtful)) return argv;
  const raw = readRaw().slice(-argv.length);
  return argv.map((word, at) => (isDoubtful(word) ? exactText(word, raw[at], 'the command line') : word));
}

/** A variable of ours, in the same way; undefined when there is none. */
export function readVariable(
  name: string,
  readRaw: () => readonly Buffer[] = () => readKernel('environ'),
): string | undefined {
  const value = process.env[name];
  if (value === undefined || !isDoubtful(value)) return value;
  const start = Buffer.from(`${name}=`);
  const found = readRaw().find((entry) => entry.subarray(0, start.length).equals(start));
  return exactText(value, found?.subarray(start.length), `the variable ${name}`);
}

function isDoubtful(text: string): boolean {
  return text.includes('\ufffd');
}

/** It has to be the same as Node has read: what is there may have been written over. */
function exactText(text: string, raw: Buffer | undefined, where: string): string {
  if (raw && sameButDoubt(raw.toString('utf8'), text)) return textOfBytes(raw);
  throw new SpecError('E_USAGE', {
    what: `${JSON.stringify(text)} is not UTF-8, and its bytes are not told here`,
    where,
    next: 'Give such values in a file (-a FILE or :::: FILE), which is read byte by byte.',
  });
}

function sameButDoubt(one: string, other: string): boolean {
  const simplify = (text: string): string => text.replace(/\ufffd+/g, '\ufffd');
  return simplify(one) === simplify(other);
}

/** None where there is no /proc. */
function readKernel(name: 'cmdline' | 'environ'): readonly Buffer[] {
  try {
    return splitAtNul(readFileSync(`/proc/self/${name}`));
  } catch {
    return [];
  }
}

/** Each entry is ended by a NUL. */
function splitAtNul(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
    entries.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return entries;
}
