import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait-for.js';

/** Jobs that say that they began, wait for a word, and say that they are done; `{}` is the job. All know the directory. */
export interface WaitingJob {
  readonly command: string;
  /** Waits until a job has begun. */
  begun(job: string): Promise<void>;
  /** Waits until a job was told to end. */
  ended(job: string): Promise<void>;
  letGo(): Promise<void>;
  /** The jobs in the order of their starts. */
  starts(): Promise<readonly string[]>;
}

export function waitingJob(cwd: string): WaitingJob {
  const seen = (name: string) =>
    waitFor(() => existsSync(join(cwd, name)), { limitMs: 60_000, what: name }).then(() => {});
  return {
    command: [
      `trap 'touch ${cwd}/ended-{}; exit 1' TERM`,
      `echo {} >> ${cwd}/starts`,
      'echo begun {}',
      `touch ${cwd}/begun-{}`,
      `until [ -e ${cwd}/go ]; do echo >> ${cwd}/beats-{}; sleep 0.3; done`,
      'echo done {}',
    ].join('; '),
    begun: (job) => seen(`begun-${job}`),
    ended: (job) => seen(`ended-${job}`),
    letGo: () => writeFile(join(cwd, 'go'), ''),
    starts: async () => (await readFile(join(cwd, 'starts'), 'utf8')).trimEnd().split('\n'),
  };
}
