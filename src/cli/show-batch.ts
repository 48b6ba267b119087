import { relative } from 'node:path';
import type { BatchRun } from '../batch/batch-run.js';
import { batchExitCode } from '../batch/exit-code.js';
import type { LeftOut } from '../batch/input-digests.js';
import { nameSome } from '../spec/problems.js';
import { isDetached } from './detached-text.js';
import { toPlainLine } from './plain-text.js';
import type { ProgressView } from './progress-view.js';
import { steerRun } from './steer-run.js';
import { type WatchOptions, watchRun } from './watch-run.js';

/** What a question needs of the view while it is asked. */
export type Around = Pick<ProgressView, 'before' | 'after'>;

/** Makes a batch, runs it before the person's eyes, and answers the exit code. */
export async function showBatch(
  options: WatchOptions,
  cwd: string,
  create: (around: Around) => Promise<BatchRun>,
): Promise<number> {
  // A question may come at any time; the view exists only once there is a batch.
  let view: Around = { before() {}, after() {} };
  const batch = await create({ before: () => view.before(), after: () => view.after() });
  const place = describePlace(batch, cwd);
  const { end, signal } = await watchRun(batch, steerRun(batch, place), options, place, (shown) => {
    view = shown;
  });
  const { counts, kind } = end.summary;
  if (isDetached(end) && counts.free === 0) return 0;
  return batchExitCode({ counts, noHost: kind === 'no-host', halted: kind === 'halted', signal });
}

/** As short as it can be typed from here. */
export function describePlace({ directory }: Pick<BatchRun, 'directory'>, cwd: string): string {
  const path = relative(cwd, directory);
  return path === '' || path.startsWith('..') ? directory : path;
}

/** Says once that a log is not written. */
export function warnOnce(): (error: unknown) => void {
  let warned = false;
  return (error) => {
    if (!warned)
      process.stderr.write(
        `gpool: a log cannot be written: ${toPlainLine(String(error))}; the batch goes on\n`,
      );
    warned = true;
  };
}

/** Says which inputs the jobs take as they are now. */
export function tellChanged(sources: readonly string[]): void {
  const names = toPlainLine(nameSome(sources, MOST_NAMED));
  process.stderr.write(
    `gpool: inputs changed since they were last run with: ${names}; they are taken as they are now\n`,
  );
}

/** Says what of the inputs is not sent. */
export function tellLeftOut(paths: readonly LeftOut[]): void {
  const names = nameSome(
    paths.map(({ path, why }) => `${path} (${why})`),
    MOST_NAMED,
  );
  process.stderr.write(`gpool: not sent with the inputs: ${toPlainLine(names)}\n`);
}

const MOST_NAMED = 10;
