import { type FileHandle, open } from 'node:fs/promises';
import { readBlocks } from '../read-blocks.js';

/** A line of a file, without its newline. */
export interface Line {
  readonly bytes: Buffer;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** False for what follows the last newline, and for a line that was cut. */
  readonly ended: boolean;
}

/** Whole lines that follow each other, each with its newline. */
export interface Block {
  readonly bytes: Buffer;
  /** Of its first byte in the file. */
  readonly offset: number;
}

/**
 * Calls `onLine` for each line, in constant memory; `bytes` are only good during the call. Ends early when `onLine`
 * answers false. An unended rest is given only when it is not empty. A line is cut at 64 MiB: its rest follows as
 * another one. Throws what `open` and `read` throw. `onBlock` is offered many lines at once: what it takes, `onLine` is not given.
 */
export async function readLines(
  path: string,
  onLine: (line: Line) => boolean,
  onBlock: (block: Block) => boolean = () => false,
): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await splitLines(handle, onLine, onBlock);
  } finally {
    await handle.close();
  }
}

async function splitLines(
  handle: FileHandle,
  onLine: (line: Line) => boolean,
  onBlock: (block: Block) => boolean,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const piece of readPieces(handle)) {
    const data = Buffer.concat([rest, piece]);
    const whole = { bytes: data.subarray(0, data.lastIndexOf(NEWLINE) + 1), offset };
    const taken = whole.bytes.length > 0 && onBlock(whole);
    const used = taken ? whole.bytes.length : takeLines(data, offset, onLine);
    if (used === null) return;
    rest = data.subarray(used);
    offset += used;
  }
  if (rest.length > 0) onLine({ bytes: rest, offset, ended: false });
}

async function* readPieces(handle: FileHandle): AsyncGenerator<Buffer> {
  for await (const block of readBlocks(handle))
    for (let at = 0; at < block.length; at += PIECE_BYTES) yield block.subarray(at, at + PIECE_BYTES);
}

/** How many bytes were whole lines; null to go no further. */
function takeLines(data: Buffer, offset: number, onLine: (line: Line) => boolean): number | null {
  let start = 0;
  for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
    if (!onLine({ bytes: data.subarray(start, end), offset: offset + start, ended: true })) return null;
    start = end + 1;
  }
  if (data.length - start < LONGEST_LINE) return start;
  return onLine({ bytes: data.subarray(start), offset: offset + start, ended: false }) ? data.length : null;
}

const NEWLINE = 0x0a;
/** Larger texts are slow to make: V8 gives each a place of its own. */
const PIECE_BYTES = 64 * 1024;
const LONGEST_LINE = 64 * 1024 * 1024;
