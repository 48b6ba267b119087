import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of an ava context that is needed to clean up after a test. */
export interface Teardown {
  teardown(clean: () => void | Promise<void>): void;
}

/** A new empty directory, removed with all it holds when the test is over. */
export async function tempDir(t: Teardown): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'gpool-test-')));
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}
