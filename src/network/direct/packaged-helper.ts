import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StateError } from '../../errors.js';
import type { Helper } from './helper-install.js';

/**
 * The helper that comes with this package, which lies somewhere above `from`.
 *
 * @throws StateError E_PACKAGE when there is no package, as where parts of it were copied elsewhere.
 */
export function packagedHelper(from = dirname(fileURLToPath(import.meta.url))): Helper {
  const path = findHelper(from);
  if (path === undefined) throw new StateError('E_PACKAGE', { what: 'bin/gjob is missing', where: from });
  return { path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
}

function findHelper(directory: string): string | undefined {
  const path = join(directory, 'bin', 'gjob');
  if (existsSync(join(directory, 'package.json')) && existsSync(path)) return path;
  return dirname(directory) === directory ? undefined : findHelper(dirname(directory));
}
