import { crc32 } from 'node:zlib';
import type { Recorded } from '../events/event.js';

/** The first line of a journal. */
export interface JournalHeader {
  readonly gpool: 'journal';
  readonly version: number;
  readonly batch: string;
}

/** The version that this gpool writes, and the newest that it reads. */
export const JOURNAL_VERSION = 1;

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
