import { randomBytes } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '../../../errors.js';
import { explainLocal } from '../../shell/local-fault.js';

/**
 * Sees to it that names which differ only by case or Unicode form do not overwrite each other, where the local file
 * system takes them for one.
 *
 * @throws JobError E_OUTPUT_UNSAFE naming both, before anything is written.
 */
export async function checkCaseCollisions(
  directory: string,
  entries: readonly { readonly path: string }[],
  foldsCase: (directory: string) => Promise<boolean> = probeFolding,
): Promise<void> {
  const seen = new Map<string, string>();
  for (const { path } of entries) {
    const folded = path.normalize('NFC').toLowerCase();
    const twin = seen.get(folded);
    if (twin !== undefined && (await foldsCase(directory))) {
      const names = [twin, path].map((name) => JSON.stringify(name)).join(' and ');
      throw new JobError('E_OUTPUT_UNSAFE', {
        what: `${names} are one name on this machine's file system`,
        where: directory,
        next: 'Return them under names that differ by more than case.',
      });
    }
    seen.set(folded, path);
  }
}

async function probeFolding(directory: string): Promise<boolean> {
  const name = `.part-case-${randomBytes(6).toString('hex')}`;
  await explainLocal(directory, () => writeFile(join(directory, name), '', { flag: 'wx', mode: 0o600 }));
  try {
    return await stat(join(directory, name.toUpperCase())).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(join(directory, name), { force: true });
  }
}
