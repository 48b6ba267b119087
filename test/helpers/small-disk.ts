import { mkdir } from 'node:fs/promises';
import { checkLocalCommand } from '../../src/network/shell/commands.js';
import type { Teardown } from './temp-dir.js';

/** A small file system of its own at this path, gone with the test: `size=1m`, `nr_inodes=5`. Needs root. */
export async function mountSmall(t: Teardown, path: string, options: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  await checkLocalCommand(['mount', '-t', 'tmpfs', '-o', `mode=0700,${options}`, 'gpool-test', path]);
  t.teardown(async () => {
    await checkLocalCommand(['umount', '-l', path]);
  });
}

/** Gives it other options: more room, or none at all. */
export async function remount(path: string, options: string): Promise<void> {
  await checkLocalCommand(['mount', '-o', `remount,${options}`, path]);
}
