import { mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf } from '../../src/testing/end-processes.js';

/** The part of an ava context that is needed to clean up after a test. */
export interface Teardown {
  teardown(clean: () => void | Promise<void>): void;
}

/** A new empty directory. When the test is over, what still runs in it ends, and it is removed with all it holds. */
export async function tempDir(t: Teardown): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'gpool-test-')));
  t.teardown(async () => {
    await endProcessesOf([directory]);
    await endProcessesIn(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  return directory;
}

/** A job that a failed test left would wait for its word for ever, and every later test with it. */
async function endProcessesIn(directory: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (pid !== process.pid && place.startsWith(`${directory}/`)) endProcess(pid);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}
