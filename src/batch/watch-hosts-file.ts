import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.js';
import type { Order } from '../manager/order.js';
import type { Host } from '../spec/host.js';

/** Files that say which hosts a batch has, and how to read them. */
export interface HostsFiles {
  readonly files: readonly string[];
  /** The hosts that they describe now; throws a SpecError that names file and line. */
  readonly read: () => Promise<readonly Host[]>;
}

export interface HostsWatchOptions extends HostsFiles {
  /** What they described when the batch began. */
  readonly hosts: readonly Host[];
  readonly clock: Clock;
  readonly order: (order: Order) => Promise<unknown>;
  /** Hears why a change was not followed; the pool stays as it is then. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Follows hosts files while a batch runs: hosts that are new join, hosts that vanished are drained. Looks every two
 * seconds, and reads a file when it has been at rest for as long. Keeps no process alive. The answer ends it.
 */
export function watchHostsFile(options: HostsWatchOptions): () => void {
  const { clock, files } = options;
  let hosts = options.hosts;
  let known: string | null = null;
  let changed: string | null = null;
  let cancel = (): void => {};
  let isOver = false;
  const follow = async (): Promise<void> => {
    try {
      const next = await options.read();
      const orders = planPoolChange(hosts, next, files.join(', '));
      hosts = next;
      for (const order of orders) await options.order(order).catch(options.onProblem);
    } catch (error) {
      options.onProblem(error);
    }
  };
  const look = async (): Promise<void> => {
    const now = await describeFiles(files);
    known ??= now;
    const isAtRest = now === changed;
    changed = now === known ? null : now;
    if (isAtRest && now !== known) {
      known = now;
      changed = null;
      await follow();
    }
    if (!isOver) cancel = clock.after(INTERVAL_MS, () => void look(), { unref: true });
  };
  void look();
  return () => {
    isOver = true;
    cancel();
  };
}

/** What to tell a batch whose hosts were `before` and are `after` now. One order for a host that leaves: it may have left already. */
export function planPoolChange(before: readonly Host[], after: readonly Host[], origin: string): Order[] {
  const known = new Map(before.map((host) => [host.name, host]));
  const names = new Set(after.map(({ name }) => name));
  const added = after.filter((host) => !isDeepStrictEqual(known.get(host.name), host));
  const gone = before.filter(({ name }) => !names.has(name));
  return [
    ...(added.length > 0 ? [{ kind: 'add', hosts: added } as const] : []),
    ...gone.map(
      ({ name }) => ({ kind: 'drain', hosts: [name], reason: `not in ${origin} any more` }) as const,
    ),
  ];
}

async function describeFiles(files: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => 'gone',
      ),
    ),
  );
  return marks.join('\n');
}

const INTERVAL_MS = 2_000;
