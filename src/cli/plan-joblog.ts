import { resolve } from 'node:path';
import { completeJoblog } from '../batch/complete-joblog.js';
import { retryByJoblog, skipByJoblog } from '../batch/joblog-plan.js';
import { SpecError } from '../errors.js';
import type { RunOptions } from './run-options.js';
import type { RunPlan } from './run-plan.js';

/** What `--resume`, `--resume-failed` and `--retry-failed` leave of a plan, by its `--joblog`. Throws SpecErrors. */
export async function planJoblog(plan: RunPlan, options: RunOptions, cwd: string): Promise<RunPlan> {
  const { resume, resumeFailed, retryFailed, joblog } = options;
  if (!resume && !resumeFailed && !retryFailed) return plan;
  if (joblog === undefined) throw noJoblog(options);
  const path = resolve(cwd, joblog);
  await completeJoblog(path, cwd, options.out === undefined ? [] : [resolve(cwd, options.out)]);
  if (retryFailed) return { ...plan, ...(await retryByJoblog(path)) };
  const left = await skipByJoblog(plan.specs, path, resumeFailed ? 'resume-failed' : 'resume');
  const skipped = left.removed.length;
  if (skipped > 0)
    process.stderr.write(`gpool: ${joblog} has ${skipped} of ${plan.specs.length} jobs: these are skipped\n`);
  return { ...plan, ...left };
}

function noJoblog({ resumeFailed, retryFailed }: RunOptions): SpecError {
  const flag = retryFailed ? '--retry-failed' : resumeFailed ? '--resume-failed' : '--resume';
  return new SpecError('E_USAGE', {
    what: `${flag} needs the log of the earlier run`,
    where: 'gpool run',
    next: 'Name it with --joblog FILE. A batch of gpool goes on by `gpool resume BATCH`, or again by `gpool rerun BATCH`.',
  });
}
