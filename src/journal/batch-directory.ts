import { lstat, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StateError } from '../errors.js';
import { batchesPlace } from './batches-place.js';
import { requireOwnPlace } from './own-batch.js';
import { explainWrites, isErrno, makePrivateDirectory } from './private-file.js';

/** The places in a batch's directory. Holds no state; making one touches nothing. */
export class BatchDirectory {
  /** Absolute. */
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get batchFile(): string {
    return join(this.path, 'batch.json');
  }

  /** Where `batch.json` of an earlier revision is kept. */
  revisionFile(revision: number): string {
    return join(this.path, `batch-${revision}.json`);
  }

  get journalFile(): string {
    return join(this.path, 'journal.jsonl');
  }

  get logFile(): string {
    return join(this.path, 'log.jsonl');
  }

  get joblogFile(): string {
    return join(this.path, 'joblog.tsv');
  }

  /** Where what an attempt left is kept; made by who fetches it. No directory grows past some thousand entries. */
  attemptDirectory(job: string, n: number): string {
    const thousand = Math.floor(Number(job) / 1000);
    const shard = thousand > 0 ? [`${thousand}k`] : [];
    return join(this.path, 'jobs', ...shard, job, String(n));
  }
}

export interface NewBatch {
  /** The directory to use; must not exist or be empty. @default `batches/<date>-<time>-<name>` */
  readonly out?: string;
  readonly name: string;
  /** Milliseconds since 1970; the directory's name has it in local time. */
  readonly now: number;
  /** What relative paths start from. @default the process's own */
  readonly cwd?: string;
}

/**
 * Makes the directory (0700) of a new batch, and for one under `batches/` turns `batches/latest` to it. Throws a
 * StateError: E_BATCH_OWNER when others could put another in its place, E_BATCH_EXISTS when `out` holds something already, E_BATCH_WRITE when it cannot be made.
 */
export async function createBatchDirectory(batch: NewBatch): Promise<BatchDirectory> {
  const cwd = batch.cwd ?? process.cwd();
  const { out } = batch;
  if (out === undefined) return explainWrites(resolve(cwd, 'batches'), () => createInBatches(cwd, batch));
  const path = resolve(cwd, out);
  await requireOwnPlace(path);
  return explainWrites(path, async () => new BatchDirectory(await claimDirectory(path)));
}

async function createInBatches(cwd: string, batch: NewBatch): Promise<BatchDirectory> {
  const parent = await batchesPlace(cwd);
  await requireOwnPlace(parent);
  await makeParents(parent);
  const path = await makeNext(join(parent, formatBatchLabel(batch.name, batch.now)));
  await pointLatest(parent, basename(path));
  return new BatchDirectory(path);
}

/** The directory of a batch that exists. Throws a StateError (E_BATCH_NOT_FOUND) when it holds no batch. */
export async function openBatchDirectory(path: string): Promise<BatchDirectory> {
  const directory = new BatchDirectory(path);
  const found = await stat(directory.batchFile).catch(() => null);
  if (found?.isFile()) return directory;
  throw new StateError('E_BATCH_NOT_FOUND', { what: 'there is no batch in this directory', where: path });
}

/** `<YYYYMMDD>-<HHMMSS>-<name>`, local time; the name made safe for a path. */
export function formatBatchLabel(name: string, now: number): string {
  const at = new Date(now);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join('');
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return `${day}-${time}-${safe || 'batch'}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

async function claimDirectory(path: string): Promise<string> {
  await makeParents(dirname(path));
  if (await makeUnlessThere(path)) return path;
  const entries = await readdir(path).catch(() => ['not a directory']);
  if (entries.length === 0) return path;
  throw new StateError('E_BATCH_EXISTS', { what: 'the batch directory exists already', where: path });
}

/** Two batches of one second get names of their own: making a directory is exclusive. */
async function makeNext(path: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    if (await makeUnlessThere(candidate)) return candidate;
  }
}

async function makeParents(path: string): Promise<void> {
  if (await stat(path).catch(() => null)) return;
  await makeParents(dirname(path));
  await makeUnlessThere(path);
}

async function makeUnlessThere(path: string): Promise<boolean> {
  try {
    await makePrivateDirectory(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** A convenience: when something else has that name, it is left alone. */
async function pointLatest(parent: string, target: string): Promise<void> {
  const latest = join(parent, 'latest');
  const there = await lstat(latest).catch(() => null);
  if (there && !there.isSymbolicLink()) return;
  const temporary = join(parent, `.latest-${process.pid}-${target}`);
  try {
    await symlink(target, temporary);
    await rename(temporary, latest);
  } catch {
    await rm(temporary, { force: true });
  }
}
