import { createHash } from 'node:crypto';
import { type Host, hostId } from '../../spec/host.js';

/** Every name gpool uses on a host; nothing else builds a remote path. */
export interface HostPaths {
  /** Absolute. */
  readonly root: string;
  readonly hostId: string;
  readonly batch: string;
  /** A file of an attempt's record. */
  record(attempt: string, file: 'log' | 'err'): string;
  /** A file in an attempt's working directory; `path` was checked before. */
  work(attempt: string, path: string): string;
  /** Where an input lies until it is admitted to the cache: `.part-<part prefix>-<digest>`. */
  part(digest: string): string;
  /** One for each host and batch: hosts with a common home share the cache, and must not send into one file. */
  readonly partPrefix: string;
}

export function hostPaths(host: Host, root: string, batch: string): HostPaths {
  const id = hostId(host.name);
  const base = `${root}/${id}/${batch}`;
  const partPrefix = createHash('sha256').update(`${id}/${batch}`).digest('hex').slice(0, 20);
  return {
    root,
    hostId: id,
    batch,
    record: (attempt, file) => `${base}/jobs/${shard(attempt)}/${attempt}/${file}`,
    work: (attempt, path) => `${base}/work/${shard(attempt)}/${attempt}/${path}`,
    part: (digest) => `${root}/cache/.part-${partPrefix}-${digest}`,
    partPrefix,
  };
}

/** Where the helper of this digest lives, and the name it is sent under. */
export function helperPaths(root: string, digest: string, token: string) {
  const file = `${root}/bin/gjob-${digest}`;
  return { file, part: `${root}/bin/.part-gjob-${digest}-${token}` };
}

function shard(attempt: string): number {
  return Math.floor(Number.parseInt(attempt, 10) / 1000);
}
