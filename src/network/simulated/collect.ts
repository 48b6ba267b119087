import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Collected } from '../../events/event.js';
import type { Attempt } from '../network.js';
import type { AttemptPlan } from './plan.js';

/** Writes what the plan says that the attempt left, as a real network would have fetched it. */
export async function writeCollected(
  attempt: Attempt,
  plan: AttemptPlan,
  directory: string,
): Promise<Collected> {
  const { stdout = '', stderr = '' } = plan;
  const files = plan.files ?? defaultFiles(attempt);
  await writeText(directory, 'stdout', stdout);
  await writeText(directory, 'stderr', stderr);
  for (const [path, text] of Object.entries(files)) await writeText(directory, path, text || '\n');
  const required = attempt.spec.returns.filter(({ optional }) => !optional).map(({ pattern }) => pattern);
  return {
    stdoutBytes: Buffer.byteLength(stdout),
    stderrBytes: Buffer.byteLength(stderr),
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.byteLength(text || '\n') })),
    missing: required.filter((pattern) => !(pattern in files) && !isPattern(pattern)),
    skipped: [],
  };
}

async function writeText(directory: string, path: string, text: string): Promise<void> {
  if (text === '') return;
  const target = join(directory, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, text, { mode: 0o600 });
}

function defaultFiles({ spec }: Attempt): Readonly<Record<string, string>> {
  const names = spec.returns.map(({ pattern }) => pattern).filter((pattern) => !isPattern(pattern));
  return Object.fromEntries(names.map((name) => [name, '\n']));
}

function isPattern(text: string): boolean {
  return /[*?[{]/.test(text);
}
