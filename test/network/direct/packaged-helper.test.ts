import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { StateError } from '../../../src/errors.js';
import { packagedHelper } from '../../../src/network/direct/packaged-helper.js';
import { packageRoot } from '../../helpers/package-root.js';
import { tempDir } from '../../helpers/temp-dir.js';

test('the helper is the one of the package, and its digest is told', async (t) => {
  const { path, sha256 } = packagedHelper();
  t.is(path, join(packageRoot(), 'bin/gjob'));
  t.is(
    sha256,
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  );
});

test('a copy of the program without its package says so', async (t) => {
  const directory = await tempDir(t);
  await mkdir(join(directory, 'dist/cli'), { recursive: true });
  await writeFile(join(directory, 'package.json'), '{}');
  const error = t.throws(() => packagedHelper(join(directory, 'dist/cli')), { instanceOf: StateError });
  t.regex(error?.message ?? '', /bin\/gjob is missing.*E_PACKAGE/);
});
