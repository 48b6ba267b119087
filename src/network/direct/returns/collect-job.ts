import { join } from 'node:path';
import type PQueue from 'p-queue';
import { JobError } from '../../../errors.js';
import type { Collected } from '../../../events/event.js';
import type { JobSpec } from '../../../spec/job-spec.js';
import type { AttemptOutput } from '../../network.js';
import { escapeField } from '../escape.js';
import { runVerb, type Session } from '../session.js';
import { fetchFile } from './fetch-file.js';
import { listFetched, sizeOf } from './fetched-before.js';
import { gatherFiles } from './gather-files.js';
import { LocalTree } from './local-tree.js';
import { checkCaseCollisions } from './name-collisions.js';
import type { OutputFetcher } from './output-fetcher.js';
import { parseReturnManifest } from './return-manifest.js';

export interface CollectOptions {
  readonly attempt: string;
  readonly spec: JobSpec;
  /** Local; made when there is something to put there. */
  readonly directory: string;
  readonly session: () => Session;
  readonly fetcher: OutputFetcher;
  /** Bounds how many files move at once to and from all hosts. */
  readonly transfers: PQueue;
  /** What the host said there is; null when it is not known. */
  readonly output: AttemptOutput | null;
}

/** Fetches what an attempt left. Asks nothing of the host when it left nothing and declares no returns. */
export async function collectJob(options: CollectOptions): Promise<Collected> {
  const { output, spec } = options;
  const tree = new LocalTree(options.directory);
  const parts = [
    output?.stdout === false ? 0 : collectOutput(options, tree, 'log'),
    output?.stderr === false ? 0 : collectOutput(options, tree, 'err'),
    spec.returns.length === 0 ? NOTHING : collectReturns(options, tree),
  ] as const;
  await Promise.allSettled(parts); // nothing is written after the answer
  const [stdoutBytes, stderrBytes, returned] = await Promise.all(parts);
  return { stdoutBytes, stderrBytes, ...returned };
}

type Returned = Omit<Collected, 'stdoutBytes' | 'stderrBytes'>;

const NOTHING: Returned = { files: [], missing: [], skipped: [] };

/** Short outputs come many at a time; a long one is copied as a file, so that memory stays flat. */
async function collectOutput(options: CollectOptions, tree: LocalTree, file: 'log' | 'err'): Promise<number> {
  const { attempt, fetcher, transfers } = options;
  const name = file === 'log' ? 'stdout' : 'stderr';
  const { size, bytes } = await fetcher.fetch({ attempt, file, from: 0, maxBytes: SHORT_BYTES });
  const least = options.output?.[`${name}Bytes`] ?? 0;
  if (size < 0 || size < least) return sizeBefore(options, name, least);
  if (size === 0) return 0;
  if (size === bytes.length) await tree.placeBytes(name, bytes);
  else {
    const { shell, paths } = options.session();
    const fill = (part: string) => shell.getFile(paths.record(attempt, file), part, size);
    await transfers.add(() => tree.placeFile(name, OWN, fill));
  }
  return size;
}

/** Of an output that the host has not, or less of it than it announced: it was fetched before, or there is none. */
async function sizeBefore(
  { attempt, directory, output }: CollectOptions,
  name: string,
  least: number,
): Promise<number> {
  const size = await sizeOf(join(directory, name));
  if (size === null ? !output : size >= least) return size ?? 0;
  throw goneFault(name, attempt);
}

function goneFault(what: string, attempt: string): JobError {
  return new JobError('E_STORE_GONE', {
    what: `its ${what} is no longer on the host`,
    where: `attempt ${attempt}`,
  });
}

async function collectReturns(options: CollectOptions, tree: LocalTree): Promise<Returned> {
  const { attempt, spec, transfers } = options;
  const session = options.session();
  const { hostId, batch } = session.paths;
  const input = spec.returns.map(({ pattern }) => `${escapeField(pattern)}\n`).join('');
  const { stdout } = await runVerb(session, 'manifest', [hostId, batch, attempt], {
    input,
    refusable: true,
    deadlineMs: DIGEST_MS,
  });
  const answer = stdout.toString('latin1', 0, 16);
  if (answer === 'gone\n') throw goneFault('record', attempt);
  if (answer === 'cleared\n') return listFetched(options.directory, spec.returns);
  const { entries, skipped, matched, refused } = parseReturnManifest(
    stdout,
    spec.returns,
    session.shell.where,
  );
  await tree.makeDirectory('.');
  await checkCaseCollisions(tree.top, entries);
  const directories = entries.filter(({ kind }) => kind === 'd');
  for (const { path } of directories) await tree.makeDirectory(path);
  const wanted = entries.filter((entry) => entry.kind === 'f');
  const gathered = await transfers.add(() => gatherFiles(session, attempt, wanted, tree));
  const left = wanted.filter((entry) => !gathered.has(entry));
  await settleAll(left.map((entry) => transfers.add(() => fetchFile(session, attempt, entry, tree))));
  for (const entry of entries) if (entry.kind === 'l') await tree.placeLink(entry.path, entry.target);
  for (const entry of entries.toReversed())
    if (entry.kind === 'd') await tree.setDirectoryLook(entry.path, entry);
  const lacking = [...spec.returns.entries()].filter(([at, { optional }]) => !optional && !matched.has(at));
  const missing = lacking.map(([, { pattern }]) => pattern);
  const unfit = lacking.flatMap(([at, { pattern }]) => {
    const why = refused.get(at);
    return why === undefined ? [] : [{ pattern, why }];
  });
  const files = wanted.map(({ path, size }) => ({ path, bytes: size }));
  return { files, missing, skipped, ...(unfit.length > 0 && { unfit }) };
}

/** Waits for all, so that nothing is written after the answer; then throws the first fault. */
async function settleAll(all: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(all)) if (result.status === 'rejected') throw result.reason;
}

const OWN = { mode: 0o600, mtime: null };
const SHORT_BYTES = 64 * 1024;
const DIGEST_MS = 600_000;
