import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchState } from '../queue/batch-state.js';
import { tellingAttempt } from '../queue/job.js';
import { STATE_ERROR } from '../queue/states.js';

/** The bytes of a fetched output from `from` on; none when there was no output. `directory` is the attempt's. */
export async function* readOutputFile(
  directory: string,
  stream: 'stdout' | 'stderr',
  from = 0,
): AsyncGenerator<Buffer> {
  const path = join(directory, stream);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile() || found.size <= from) return;
  // No more than there is: a large buffer for each of many small outputs keeps the garbage collector busy.
  const highWaterMark = Math.min(found.size - from, 256 * 1024);
  for await (const chunk of createReadStream(path, { start: from, highWaterMark })) {
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  }
}

/** The last line of an output that says something; undefined when there is none. Reads the last 4 KiB only. */
export async function readLastLine(
  directory: string,
  stream: 'stdout' | 'stderr',
): Promise<string | undefined> {
  const found = await stat(join(directory, stream)).catch(() => null);
  if (!found?.isFile()) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of readOutputFile(directory, stream, Math.max(0, found.size - 4096)))
    chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  return lines.reverse().find((line) => line.trim() !== '');
}

/** The last words on stderr of jobs that failed, by job; of the first thousand, which is more than anyone reads. */
export async function readHints(
  state: BatchState,
  directoryOf: (job: string, n: number) => string,
): Promise<Map<string, string>> {
  const hints = new Map<string, string>();
  for (const job of state.jobQueue.inState(STATE_ERROR).slice(0, 1000)) {
    const last = tellingAttempt(job);
    const line = last && (await readLastLine(directoryOf(job.id, last.n), 'stderr'));
    if (line) hints.set(job.id, line);
  }
  return hints;
}
