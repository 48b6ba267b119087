import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { bytesOfText } from '../bytes.js';

/** Appends to a file of lines (0600), after cutting off a torn last one; an empty file begins with `first`. Never throws. */
export function appendWhole(path: string, text: string, first = ''): void {
  let file: number | null = null;
  try {
    file = openSync(path, 'a+', 0o600);
    cutTornEnd(file);
    const bytes = bytesOfText(fstatSync(file).size === 0 ? first + text : text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } catch {
    // Who writes to it next says so.
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** A line that was cut when its writer died would swallow the next one. */
export function cutTornEnd(file: number): void {
  const { size } = fstatSync(file);
  const tail = Buffer.alloc(Math.min(size, LONGEST_LINE));
  readSync(file, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf('\n') + 1;
  if (end < tail.length && (end > 0 || tail.length === size)) ftruncateSync(file, size - tail.length + end);
}

const LONGEST_LINE = 1024 * 1024;
