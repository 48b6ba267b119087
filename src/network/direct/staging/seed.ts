import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { JobError } from '../../../errors.js';
import { runVerb, type Session } from '../session.js';
import type { FileEntry, InputTree } from './layout.js';
import { TAR_END, TAR_PATH_BYTES, tarHeader, tarPadding } from './tar-header.js';

/**
 * The small files of a tree, when there are so many that one stream is better than a copy of each: three round trips
 * a file, and a process on the host to give each its name. Empty when there are few.
 */
export function chooseSeed(tree: InputTree, missing: ReadonlySet<string>): readonly FileEntry[] {
  const small = tree.files.filter(
    ({ path, blob }) => blob.size <= SMALL_BYTES && missing.has(blob.sha256) && PLAIN.test(path),
  );
  return small.length >= FEWEST ? small : [];
}

/**
 * Sends these files ahead of their tree's layout; `plant` checks each digest and takes them from there.
 *
 * @throws JobError E_INPUT_CHANGED when a file is not what was digested; what `runVerb` throws.
 */
export async function sendSeed(
  session: Session,
  tree: InputTree,
  files: readonly FileEntry[],
): Promise<void> {
  let changed: JobError | null = null;
  const read = async function* () {
    try {
      yield* tarOf(files);
    } catch (error) {
      // Whoever stops reading ends this here too, with another error.
      if (!(error instanceof JobError)) throw error;
      changed = error;
    }
  };
  const input = Readable.from(read(), { objectMode: false });
  const { partPrefix } = session.paths;
  const sent = runVerb(session, 'seed', [partPrefix, tree.sha256], { input, deadlineMs: LONG_MS });
  await sent.catch((error: unknown) => {
    throw changed ?? error;
  });
  if (changed) throw changed;
}

async function* tarOf(files: readonly FileEntry[]): AsyncGenerator<Buffer> {
  for (let at = 0; at < files.length; at += GROUP) {
    const group = await Promise.all(files.slice(at, at + GROUP).map(packFile));
    yield Buffer.concat(group.flat());
  }
  yield TAR_END;
}

async function packFile({ path, mode, blob }: FileEntry): Promise<Buffer[]> {
  const bytes = await readFile(blob.source).catch(() => null);
  if (bytes && createHash('sha256').update(bytes).digest('hex') === blob.sha256) {
    return [tarHeader(path, mode, bytes.length), bytes, tarPadding(bytes.length)];
  }
  const what = bytes ? 'the file changed after it was digested' : 'the file vanished';
  throw new JobError('E_INPUT_CHANGED', { what, where: blob.source });
}

/** Names that neither tar nor sha256sum writes in a form of its own. */
const PLAIN = new RegExp(`^[\\w./ +=,:@%-]{1,${TAR_PATH_BYTES}}$`);
const SMALL_BYTES = 64 * 1024;
const FEWEST = 16;
const GROUP = 64;
const LONG_MS = 600_000;
