import { randomBytes } from 'node:crypto';
import { StateError } from '../errors.js';
import type { Host } from '../spec/host.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { BatchDirectory } from './batch-directory.js';
import { type Block, type Line, readLines } from './line-reader.js';
import { explainWrites, isErrno, replaceFile } from './private-file.js';
import { shareParts } from './share-parts.js';

/** What a batch was started with: `batch.json`. */
export interface BatchFile {
  readonly schema: 1;
  readonly id: string;
  /** Random: tells the batch from every other one, whatever id that has. @default none, in batches of an earlier release */
  readonly key?: string;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Of gpool, Node and whatever else matters. */
  readonly versions: Readonly<Record<string, string>>;
  readonly hosts: readonly Host[];
  /** How it was run; plain JSON, no secrets. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How often it was changed since, from 1. @default 1 */
  readonly revision?: number;
  /** Ids of jobs that an earlier revision had: those of the specs skip them. @default none */
  readonly removed?: readonly string[];
  /** Ids of jobs that are started after the others, in this order. @default none: all in that of the specs */
  readonly startOrder?: readonly string[];
  /** What relative paths of inputs start from, absolute. @default whoever goes on with it says so, as in older releases */
  readonly cwd?: string;
  /** Digests of the input files and directories, by their source; what they were when this revision was made. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Where a second copy of the joblog goes, absolute. @default nowhere */
  readonly joblog?: string;
  readonly specs: readonly JobSpec[];
}

export function createBatchKey(): string {
  return randomBytes(16).toString('hex');
}

/** The schema that this gpool writes, and the newest that it reads. */
const SCHEMA = 1;

/** Puts `batch.json` in place at once, durably; one spec a line. Throws a StateError (E_BATCH_WRITE). */
export async function writeBatchFile(
  directory: BatchDirectory,
  batch: Omit<BatchFile, 'schema'>,
): Promise<void> {
  const path = directory.batchFile;
  await explainWrites(path, () => replaceFile(path, formatBatchFile({ schema: SCHEMA, ...batch })));
}

/**
 * Puts the next revision in place. The one before is kept as `batch-<n>.json` first: it holds until the journal knows of the
 * new one. Throws a StateError (E_BATCH_WRITE).
 */
export async function reviseBatchFile(
  directory: BatchDirectory,
  before: BatchFile,
  changes: Partial<Omit<BatchFile, 'schema' | 'id' | 'revision'>>,
): Promise<BatchFile> {
  const { revision = 1 } = before;
  const kept = directory.revisionFile(revision);
  const next: BatchFile = { ...before, ...changes, revision: revision + 1 };
  await explainWrites(kept, () => replaceFile(kept, formatBatchFile(before)));
  await writeBatchFile(directory, next);
  return next;
}

/**
 * Reads `batch.json` line by line, as it was written. Throws a StateError: E_BATCH_NOT_FOUND when there is none,
 * E_BATCH_VERSION when it is newer, E_BATCH_DAMAGED with its line when it is not what was written. `path` is that of an earlier
 * revision.
 */
export async function readBatchFile(
  directory: BatchDirectory,
  path: string = directory.batchFile,
): Promise<BatchFile> {
  const reading = new BatchReading(path);
  try {
    await readLines(
      path,
      (line) => reading.take(line),
      (block) => reading.takeBlock(block),
    );
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new StateError('E_BATCH_NOT_FOUND', {
      what: 'there is no batch here',
      where: directory.path,
      cause: error,
    });
  }
  return reading.result();
}

function* formatBatchFile({ specs, ...head }: BatchFile): Generator<string> {
  yield '{\n';
  for (const [key, value] of Object.entries(head)) yield `${JSON.stringify(key)}:${JSON.stringify(value)},\n`;
  yield `${SPECS_LINE}\n`;
  const lines: string[] = [];
  for (const [index, spec] of specs.entries()) {
    lines.push(JSON.stringify(spec) + (index === specs.length - 1 ? '\n' : ',\n'));
    if (lines.length === LINES_A_WRITE) yield lines.splice(0).join('');
  }
  lines.push(`${LAST_LINE}\n`);
  yield lines.join('');
}

class BatchReading {
  readonly #path: string;
  readonly #head: string[] = [];
  readonly #specs: JobSpec[] = [];
  #batch: BatchFile | null = null;
  #number = 0;
  #complete = false;

  constructor(path: string) {
    this.#path = path;
  }

  take({ bytes }: Line): boolean {
    this.#number += 1;
    const text = bytes.toString();
    if (text === LAST_LINE) this.#complete = true;
    else if (this.#batch) this.#takeSpec(text.endsWith(',') ? text.slice(0, -1) : text);
    else if (text === SPECS_LINE) this.#batch = this.#parseHead();
    else this.#head.push(text);
    return !this.#complete;
  }

  /** Specs only, all in one go, which takes half the time. When there is anything to complain of, line by line, to say where. */
  takeBlock({ bytes }: Block): boolean {
    if (!this.#batch) return false;
    const text = bytes.toString();
    if (!text.endsWith(NEXT_SPEC)) return false;
    const specs = parseSpecs(text.slice(0, -NEXT_SPEC.length));
    if (specs.length !== countLines(text)) return false;
    for (const spec of specs) this.#keepSpec(spec);
    this.#number += specs.length;
    return true;
  }

  #takeSpec(text: string): void {
    this.#keepSpec(this.#parse<JobSpec>(text));
  }

  /** What it has in common with the spec before it is kept once: a batch may have a million. */
  #keepSpec(spec: JobSpec): void {
    this.#specs.push(shareParts(spec, this.#specs[this.#specs.length - 1] ?? spec));
  }

  result(): BatchFile {
    if (!this.#batch || !this.#complete) throw this.#damage();
    return this.#batch;
  }

  #parseHead(): BatchFile {
    const batch = this.#parse<BatchFile>(`${this.#head.join('')}"specs":[]}`);
    if (typeof batch.schema !== 'number') throw this.#damage();
    if (batch.schema <= SCHEMA) return { ...batch, specs: this.#specs };
    const what = `the batch has schema ${batch.schema}, this gpool reads up to ${SCHEMA}`;
    throw new StateError('E_BATCH_VERSION', { what, where: this.#path });
  }

  #parse<T extends BatchFile | JobSpec>(text: string): T {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#damage(error);
    }
  }

  #damage(cause?: unknown): StateError {
    const what = 'the file is not as it was written';
    return new StateError('E_BATCH_DAMAGED', { what, where: `${this.#path}:${this.#number}`, cause });
  }
}

/** None when it is not a list of values. */
function parseSpecs(text: string): JobSpec[] {
  try {
    return JSON.parse(`[${text}]`);
  } catch {
    return [];
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

const NEXT_SPEC = ',\n';
const SPECS_LINE = '"specs":[';
const LAST_LINE = ']}';
const LINES_A_WRITE = 1000;
