import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchDirectory } from '../../../src/journal/batch-directory.js';
import type { Testimony } from './evidence.js';
import type { AttemptHistory } from './history.js';
import { type Violation, violation } from './violation.js';

/**
 * I5: what stands under a final name is whole and what the worker made. In a batch that is over (`complete`) nothing else
 * stands there; before that, parts of files may.
 */
export async function checkFiles(
  batchDirectory: string,
  attempts: readonly AttemptHistory[],
  { heard, complete }: { heard(attempt: string): readonly Testimony[]; readonly complete: boolean },
): Promise<Violation[]> {
  const directory = new BatchDirectory(batchDirectory);
  const violations: Violation[] = [];
  for (const { id, job, n, settled } of attempts) {
    const place = directory.attemptDirectory(job, n);
    const names = await readdir(place).catch(() => []);
    for (const name of names.filter((name) => complete && !FINAL.includes(name)))
      violations.push(violation('I5', `${id} left a file ${name}`));
    if (!settled.includes('done')) continue;
    violations.push(
      ...(await checkOutputs(
        id,
        place,
        heard(id).find(({ kind }) => kind === 'end'),
      )),
    );
  }
  return violations;
}

/** `end` is missing when the disk was too full for it. */
async function checkOutputs(id: string, place: string, end: Testimony | undefined): Promise<Violation[]> {
  const [stdout, data] = await Promise.all([digest(join(place, 'stdout')), digest(join(place, 'data'))]);
  const stderr = await readFile(join(place, 'stderr'), 'utf8').catch(() => '');
  // Its last line: a shell whose directory is away for a moment says so before.
  const named = stderr.trim().split('\n').at(-1) ?? '';
  const told = end?.digest ?? named;
  return [
    ...(stdout === named ? [] : [violation('I5', `${id}: stdout has ${stdout}, the job printed ${named}`)]),
    ...(data === named ? [] : [violation('I5', `${id}: data has ${data}, the job made ${named}`)]),
    ...(told === named ? [] : [violation('I2', `${id}: the witness has ${told}, stderr ${named}`)]),
  ];
}

async function digest(path: string): Promise<string | null> {
  const bytes = await readFile(path).catch(() => null);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

const FINAL = ['stdout', 'stderr', 'data'];
