import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { bytesOfText, localPath } from '../../../bytes.js';
import { JobError } from '../../../errors.js';
import { runVerb, type Session } from '../session.js';
import {
  type FileEntry,
  formatHead,
  formatLayout,
  formatTimes,
  type InputTree,
  type TreeEntry,
} from './layout.js';
import { TAR_END, TAR_PATH_BYTES, tarHeader, tarPadding } from './tar-header.js';

/**
 * The small files of a tree, when there are so many that one stream is better than a copy of each: three round trips
 * a file, and a process on the host to give each its name. Empty when there are few.
 */
export function chooseSeed(tree: InputTree): readonly FileEntry[] {
  const small = tree.files.filter(
    ({ path, blob, shared }) => !shared && blob.size <= SMALL_BYTES && PLAIN.test(path),
  );
  return small.length >= FEWEST ? small : [];
}

/**
 * Sends these files, the directories, and what else the tree's layout says; `plant` checks each digest and does the rest.
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
      yield* tarOf(tree, files);
    } catch (error) {
      // Whoever stops reading ends this here too, with another error.
      if (!(error instanceof JobError)) throw error;
      changed = error;
    }
  };
  const input = Readable.from(read(), { objectMode: false });
  const { partPrefix } = session.paths;
  const sent = runVerb(session, 'seed', [partPrefix, tree.name], { input, deadlineMs: LONG_MS });
  await sent.catch((error: unknown) => {
    throw changed ?? error;
  });
  if (changed) throw changed;
}

function* tarOf({ entries }: InputTree, files: readonly FileEntry[]): Generator<Buffer> {
  const packed = new Set<TreeEntry>(files);
  yield tarHeader('copy/', 0o700, 0, '5');
  for (const entry of entries) {
    if (entry.kind !== 'd' || !PLAIN.test(entry.path)) continue;
    packed.add(entry);
    yield* packHead(`copy/${entry.path}/`, entry.mode | 0o700, 0, entry.mtime, '5');
  }
  for (let at = 0; at < files.length; at += GROUP)
    yield Buffer.concat(files.slice(at, at + GROUP).flatMap(packFile));
  yield* packText('sums', files.map(({ path, blob }) => `${blob.sha256}  ${path}\n`).join(''));
  yield* packText('rest', formatRest(entries, packed));
  yield TAR_END;
}

/** The entries that tar does not bring, and the times of directories that those are still put into. */
function formatRest(entries: readonly TreeEntry[], packed: ReadonlySet<TreeEntry>): string {
  const left = entries.filter((entry) => !packed.has(entry));
  const changed = new Set(left.map(({ path }) => dirname(path)));
  const late = entries.filter(
    (entry) => !packed.has(entry) || (entry.kind === 'd' && changed.has(entry.path)),
  );
  return `${formatHead(entries)}${formatLayout(left)}${formatTimes(late)}`;
}

/** With a record before it, where the time has a fraction: the header itself has room for whole seconds. */
function packHead(path: string, mode: number, size: number, mtime = '0', kind: '0' | '5' = '0'): Buffer[] {
  const seconds = Math.max(0, Math.floor(Number(mtime)));
  const header = tarHeader(path, mode, size, kind, seconds);
  if (Number(mtime) === seconds) return [header];
  const record = Buffer.from(paxRecord('mtime', mtime));
  return [tarHeader(PAX_PATH, 0o600, record.length, 'x'), record, tarPadding(record.length), header];
}

/** Its length counts itself. */
function paxRecord(key: string, value: string): string {
  const bare = ` ${key}=${value}\n`;
  const length = bare.length + String(bare.length).length;
  return `${String(length).length > String(bare.length).length ? length + 1 : length}${bare}`;
}

/** Read at once: for a small file each trip to the thread pool takes longer than the reading. */
function packFile({ path, mode, blob, mtime }: FileEntry): Buffer[] {
  const bytes = readSmall(blob.source);
  if (bytes && createHash('sha256').update(bytes).digest('hex') === blob.sha256) {
    const head = packHead(`copy/${path}`, mode, bytes.length, mtime);
    return [...head, bytes, tarPadding(bytes.length)];
  }
  const what = bytes ? 'the file changed after it was digested' : 'the file vanished';
  throw new JobError('E_INPUT_CHANGED', { what, where: blob.source });
}

function readSmall(path: string): Buffer | null {
  let file: number | undefined;
  try {
    file = openSync(localPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
    return readFileSync(file);
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function packText(path: string, text: string): Buffer[] {
  const bytes = bytesOfText(text);
  return [tarHeader(path, 0o600, bytes.length), bytes, tarPadding(bytes.length)];
}

/** Names that neither tar nor sha256sum writes in a form of its own. */
const PLAIN = new RegExp(`^[\\w./ +=,:@%-]{1,${TAR_PATH_BYTES - 'copy//'.length}}$`);
const PAX_PATH = 'times';
const SMALL_BYTES = 64 * 1024;
const FEWEST = 16;
const GROUP = 64;
const LONG_MS = 600_000;
