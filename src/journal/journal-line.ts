import { crc32 } from 'node:zlib';
import type { Recorded } from '../events/event.js';
import type { CommonEvents } from './common-events.js';

/** The first line of a journal. */
export interface JournalHeader {
  readonly gpool: 'journal';
  readonly version: number;
  readonly batch: string;
}

/** The version that this gpool writes, and the newest that it reads. 1 has fewer kinds of events and fields. */
export const JOURNAL_VERSION = 2;

/** One line with its newline: the fields, then `crc`, the CRC-32 of all bytes before it, as 8 hex digits. */
export function formatJournalLine(fields: JournalHeader | Recorded): string {
  const body = JSON.stringify(fields).slice(0, -1);
  return `${body}${CRC_KEY}${hex(crc32(body))}${CRC_END}`;
}

/** The fields of a line (given without its newline), or null when it is not whole and unharmed. */
export function parseJournalLine<T extends JournalHeader | Recorded>(line: Buffer): T | null {
  const bodyEnd = line.length - CRC_BYTES;
  if (bodyEnd < 1) return null;
  const body = line.subarray(0, bodyEnd);
  if (line.toString('latin1', bodyEnd) !== `${CRC_KEY}${hex(crc32(body))}"}`) return null;
  return parseObject(`${body.toString()}}`);
}

/**
 * The fields of many lines (given with their newlines), or null when one of them is not whole and unharmed. What `common` cannot
 * read is parsed in one go, which takes half the time that it takes line by line.
 */
export function parseJournalLines(lines: Buffer, common: CommonEvents): (JournalHeader | Recorded)[] | null {
  const read: (Recorded | null)[] = [];
  const others: string[] = [];
  common.take(lines);
  let start = 0;
  for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, start)) {
    const bodyEnd = end - CRC_BYTES;
    if (bodyEnd <= start || !endsWithCrc(lines, bodyEnd, crc32(lines.subarray(start, bodyEnd)))) return null;
    const event = common.read(start, bodyEnd);
    if (event === null) others.push(`${lines.toString('utf8', start, bodyEnd)}}`);
    read.push(event);
    start = end + 1;
  }
  return fillIn(read, parseObject<(JournalHeader | Recorded)[]>(`[${others.join()}]`));
}

/** Puts the others, in their order, where nothing was read. */
function fillIn<T>(read: readonly (T | null)[], others: readonly T[] | null): T[] | null {
  if (others === null) return null;
  const all: T[] = [];
  let next = 0;
  for (const each of read) {
    const value = each ?? others[next];
    if (value === undefined) return null;
    if (each === null) next += 1;
    all.push(value);
  }
  return next === others.length ? all : null;
}

/** Whether `,"crc":"<crc>"}` is there. */
function endsWithCrc(bytes: Buffer, from: number, crc: number): boolean {
  for (let at = 0; at < CRC_START.length; at += 1) if (bytes[from + at] !== CRC_START[at]) return false;
  let at = from + CRC_START.length;
  for (let shift = 28; shift >= 0; shift -= 4) {
    if (bytes[at] !== DIGITS[(crc >>> shift) & 15]) return false;
    at += 1;
  }
  return bytes[at] === QUOTE && bytes[at + 1] === BRACE;
}

function parseObject<T>(text: string): T | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** By table: this is done for every line, and number formatting costs as much as the check itself. */
function hex(crc: number): string {
  return `${HEX[crc >>> 24]}${HEX[(crc >>> 16) & 255]}${HEX[(crc >>> 8) & 255]}${HEX[crc & 255]}`;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const CRC_KEY = ',"crc":"';
const CRC_END = '"}\n';
const CRC_BYTES = CRC_KEY.length + 8 + 2;
const CRC_START = Buffer.from(CRC_KEY);
const DIGITS = Buffer.from('0123456789abcdef');
const [NEWLINE, QUOTE, BRACE] = [0x0a, 0x22, 0x7d];
