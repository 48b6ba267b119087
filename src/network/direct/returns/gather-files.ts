import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { escapeField } from '../escape.js';
import { runVerb, type Session } from '../session.js';
import type { LocalTree } from './local-tree.js';
import type { ReturnedFile } from './return-manifest.js';

/**
 * Fetches the small files of a job in a few streams, when it left so many that a copy of each would cost more. Answers
 * those that are in place; a file that did not come as it was announced is left to whoever copies it alone.
 */
export async function gatherFiles(
  session: Session,
  attempt: string,
  files: readonly ReturnedFile[],
  tree: LocalTree,
): Promise<ReadonlySet<ReturnedFile>> {
  const placed = new Set<ReturnedFile>();
  const small = files.filter(({ size }) => size <= SMALL_BYTES);
  if (small.length < FEWEST) return placed;
  let placing = Promise.resolve();
  try {
    for (const group of groupFiles(small)) {
      const whole = cut(await readAll(session, attempt, group), group);
      await placing;
      placing = placeAll(whole, tree, placed); // while the next come
      placing.catch(() => {});
    }
  } finally {
    await placing; // nothing is written after the answer
  }
  return placed;
}

async function placeAll(
  whole: ReturnType<typeof cut>,
  tree: LocalTree,
  placed: Set<ReturnedFile>,
): Promise<void> {
  for (const [nth, { file, bytes }] of whole.entries()) {
    await tree.placeBytes(file.path, bytes, file);
    placed.add(file);
    if (nth % FILES_A_TURN === 0) await setImmediate(); // others want their turn
  }
}

function groupFiles(files: readonly ReturnedFile[]): ReturnedFile[][] {
  const groups: ReturnedFile[][] = [];
  let group: ReturnedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (group.length === 0 || group.length === FILES_A_STREAM || bytes + file.size > STREAM_BYTES) {
      group = [];
      groups.push(group);
      bytes = 0;
    }
    group.push(file);
    bytes += file.size;
  }
  return groups;
}

async function readAll(session: Session, attempt: string, files: readonly ReturnedFile[]): Promise<Buffer> {
  const { hostId, batch } = session.paths;
  const input = files.map(({ path }) => `${escapeField(path)}\n`).join('');
  const { code, stdout } = await runVerb(session, 'gather', [hostId, batch, attempt], {
    input,
    refusable: true,
    maxBytes: 4 * STREAM_BYTES,
  });
  return code === 0 ? stdout : Buffer.alloc(0);
}

/** The files that are in a stream as they were announced. One of another size spoils those behind it. */
function cut(stream: Buffer, files: readonly ReturnedFile[]) {
  let at = 0;
  return files.flatMap((file) => {
    const bytes = stream.subarray(at, at + file.size);
    at += file.size;
    return createHash('sha256').update(bytes).digest('hex') === file.sha256 ? [{ file, bytes }] : [];
  });
}

const SMALL_BYTES = 64 * 1024;
const FEWEST = 16;
const FILES_A_STREAM = 2000;
const STREAM_BYTES = 8 * 1024 * 1024;
const FILES_A_TURN = 32;
