import type { BatchRun } from '../batch/batch-run.js';
import { watchHostsFile } from '../batch/watch-hosts-file.js';
import { systemClock } from '../clock.js';
import type { Host } from '../spec/host.js';
import type { HostOptions } from './common-options.js';
import { formatError } from './error-text.js';
import { type HostFlags, planHosts } from './plan-hosts.js';
import { type Around, showBatch } from './show-batch.js';
import type { WatchOptions } from './watch-run.js';

type FollowOptions = HostOptions & HostFlags & WatchOptions;

/** As `showBatch`; meanwhile the batch follows the files of `--slf`. `hosts` are those that it begins with. */
export async function showFollowing(
  options: FollowOptions,
  cwd: string,
  hosts: readonly Host[],
  create: (around: Around) => Promise<BatchRun>,
): Promise<number> {
  let unfollow = (): void => undefined;
  try {
    return await showBatch(options, cwd, async (around) => {
      const batch = await create(around);
      unfollow = followHosts(batch, hosts, options, around);
      return batch;
    });
  } finally {
    unfollow();
  }
}

function followHosts(
  batch: BatchRun,
  hosts: readonly Host[],
  options: FollowOptions,
  around: Around,
): () => void {
  const { slf: files = [], debug } = options;
  if (files.length === 0) return () => undefined;
  return watchHostsFile({
    files,
    hosts,
    read: () => planHosts(options, []),
    clock: systemClock,
    order: (order) => batch.order(order),
    onProblem(error) {
      around.before();
      process.stderr.write(formatError(error, { json: false, debug }));
      process.stderr.write('gpool: the pool stays as it is until the hosts file is right\n');
      around.after();
    },
  });
}
