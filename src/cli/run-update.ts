import { findStreams, keepStreams } from '../batch/keep-streams.js';
import { isUpToDate } from '../batch/plan-update.js';
import { planBatchUpdate, type UpdateRequest, updateBatch } from '../batch/update-batch.js';
import { toContact } from './common-options.js';
import { showFollowing } from './follow-hosts.js';
import type { RunOptions } from './run-options.js';
import type { RunPlan } from './run-plan.js';
import { describePlace, tellLeftOut, warnOnce } from './show-batch.js';
import { listUpdate, summarizeUpdate } from './update-text.js';

/** `gpool run` into a batch that exists: runs only what is new, changed or failed, and says why. */
export async function runUpdate(
  directory: UpdateRequest['directory'],
  plan: RunPlan,
  options: RunOptions,
  cwd: string,
): Promise<number> {
  const { joblog, detach, order, update } = options;
  const streams = options.dryRun ? [] : await findStreams(plan.specs, cwd);
  const specs = await keepStreams(plan.specs, streams, { cwd, directory: directory.path });
  const request = {
    ...plan,
    specs,
    directory,
    cwd,
    order,
    update,
    joblog,
    detach,
    onLeftOut: tellLeftOut,
    onLogError: warnOnce(),
  };
  const planned = await planBatchUpdate(request);
  const place = describePlace({ directory: directory.path }, cwd);
  process.stderr.write(`gpool: ${place}: ${summarizeUpdate(planned)}\n`);
  const lines = listUpdate(planned);
  if (options.dryRun) {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return 0;
  }
  if (isUpToDate(planned)) return 0;
  const left = lines.length - MOST_LINES;
  const shown = [
    ...lines.slice(0, MOST_LINES),
    ...(left > 0 ? [`… and ${left} more; --dry-run lists all`] : []),
  ];
  process.stderr.write(shown.map((line) => `  ${line}\n`).join(''));
  return showFollowing(options, cwd, plan.hosts, (around) =>
    updateBatch({ ...request, ...toContact(options, around) }),
  );
}

const MOST_LINES = 20;
