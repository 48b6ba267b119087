import { readFile, writeFile } from 'node:fs/promises';
import type { describeMachine } from '../machine.js';
import type { Result } from '../take-turns.js';

/** What `bench/results.json` holds. Each result says when it was measured; the rest is of the latest run. */
export interface Report extends Awaited<ReturnType<typeof describeMachine>> {
  readonly scale: number;
  readonly results: readonly MeasuredResult[];
}

export interface MeasuredResult extends Result {
  readonly measuredAt: string;
  /** How many turns were asked for. */
  readonly runs: number;
}

/** Null when there is none. */
export async function readReport(path: string): Promise<Report | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFile(path, `${JSON.stringify(report, null, 1)}\n`);
}

/** What was measured before on this machine stays, where it was not measured again. `names` is the order. */
export function mergeReports(before: Report | null, now: Report, names: readonly string[]): Report {
  const kept = before && isSameGround(before, now) ? before.results : [];
  const again = new Set(now.results.map(({ name }) => name));
  const results = [...kept.filter(({ name }) => !again.has(name)), ...now.results];
  return { ...now, results: results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name)) };
}

function isSameGround(one: Report, other: Report): boolean {
  const same = (['cpu', 'cores', 'kernel', 'memoryMb', 'scale'] as const).every(
    (key) => one[key] === other[key],
  );
  return same && one.versions.node === other.versions.node;
}
