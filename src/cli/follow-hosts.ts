import { watchHostsFile } from '../batch/watch-hosts-file.js';
import { systemClock } from '../clock.js';
import type { Host } from '../spec/host.js';
import { formatError } from './error-text.js';
import { planHosts } from './plan-hosts.js';
import type { RunOptions } from './run-options.js';
import type { Around } from './show-batch.js';

type Follower = Pick<Parameters<typeof watchHostsFile>[0], 'order'>;

/** Lets a batch follow the files of `--slf` while it runs. The answer ends it. */
export function followHosts(
  batch: Follower,
  hosts: readonly Host[],
  options: RunOptions,
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
