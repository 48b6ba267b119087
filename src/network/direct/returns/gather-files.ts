import { createHash } from 'node:crypto';
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
  for (let at = 0; at < small.length; at += FILES_A_STREAM) {
    const group = small.slice(at, at + FILES_A_STREAM);
    const whole = cut(await readAll(session, attempt, group), group);
    await Promise.all(whole.map(({ file, bytes }) => tree.placeBytes(file.path, bytes, file.mode)));
    for (const { file } of whole) placed.add(file);
  }
  return placed;
}

async function readAll(session: Session, attempt: string, files: readonly ReturnedFile[]): Promise<Buffer> {
  const { hostId, batch } = session.paths;
  const input = files.map(({ path }) => `${escapeField(path)}\n`).join('');
  const { code, stdout } = await runVerb(session, 'gather', [hostId, batch, attempt], {
    input,
    refusable: true,
    maxBytes: FILES_A_STREAM * SMALL_BYTES,
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
const FILES_A_STREAM = 500;
