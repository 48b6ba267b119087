import { readFile } from 'node:fs/promises';
import { textOfBytes } from '../bytes.js';
import { SpecError } from '../errors.js';

/** How a job stands in a joblog: its last line. */
export interface JoblogEntry {
  /** Of the log, from 1. */
  readonly line: number;
  /** Place of the job in its run, from 1. */
  readonly seq: number;
  readonly exit: number;
  readonly signal: number;
  readonly command: string;
}

/**
 * Reads a joblog as GNU parallel and gpool write it; the last line of each job, by its Seq. A log that is not there yet is
 * empty, a last line that was cut off is passed over. Throws a SpecError (E_JOBLOG) that names the line.
 */
export async function readJoblog(path: string): Promise<ReadonlyMap<number, JoblogEntry>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw refuse(error instanceof Error ? error.message : String(error), path, error);
  });
  const [header, ...lines] = textOfBytes(bytes).split('\n').slice(0, -1);
  if (header !== undefined && !header.startsWith('Seq\tHost\tStarttime\t'))
    throw refuse('the file is no joblog: it does not begin with its columns', `${path}:1`);
  const entries = lines.map((line, at) => parseLine(line, at + 2, path));
  return new Map(entries.map((entry) => [entry.seq, entry]));
}

function parseLine(text: string, line: number, path: string): JoblogEntry {
  const columns = text.split('\t');
  const [seq = '', , , , , , exit = '', signal = ''] = columns;
  const isWhole = /^\d+$/.test(seq) && /^-?\d+$/.test(exit) && /^\d+$/.test(signal);
  if (!isWhole || columns.length < 9)
    throw refuse('the line does not have the columns of a joblog', `${path}:${line}`);
  const command = columns.slice(8).join('\t').replaceAll('\0', '\n');
  return { line, seq: Number(seq), exit: Number(exit), signal: Number(signal), command };
}

function refuse(what: string, where: string, cause?: unknown): SpecError {
  return new SpecError('E_JOBLOG', { what, where, cause });
}
