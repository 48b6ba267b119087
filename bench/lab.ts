import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchHosts, startBenchHosts } from './sshd.js';

/** Where the measurements take place. */
export interface Lab {
  /** For the controller: on the disk, so that the journal's syncs are real. */
  readonly directory: string;
  /** For the hosts and for peers that keep files: in memory where the machine has /dev/shm. */
  readonly hostDirectory: string;
  readonly hosts: BenchHosts;
  /** What counts of jobs, files and bytes are multiplied with. */
  readonly scale: number;
  /** A path in `directory`, or under `below`, that was never used. Nothing is there yet. */
  fresh(name: string, below?: string): string;
  /** Done when the lab closes, before its directories go; the last said first. */
  onClose(end: () => Promise<void>): void;
  close(): Promise<void>;
}

const MEMORY = '/dev/shm';
const HOSTS = 16;

export async function openLab(scale: number): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'gpool-bench-'));
  const hostDirectory = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'gpool-bench-'));
  await mkdir(join(hostDirectory, 'home'));
  const hosts = await startBenchHosts(directory, join(hostDirectory, 'home'), HOSTS);
  let made = 0;
  const ends: (() => Promise<void>)[] = [];
  return {
    directory,
    hostDirectory,
    hosts,
    scale,
    fresh: (name, below = directory) => join(below, `${name}-${++made}`),
    onClose: (end) => void ends.unshift(end),
    close: async () => {
      for (const end of ends) await end();
      await hosts.close();
      await rm(directory, { recursive: true, force: true });
      await rm(hostDirectory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
