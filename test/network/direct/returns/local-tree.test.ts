import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { LocalTree } from '../../../../src/network/direct/returns/local-tree.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const PART = `.part-${'0a'.repeat(9)}`;

test('what a fetch that was killed had left goes when the same attempt is fetched again', async (t) => {
  const top = await tempDir(t);
  await mkdir(join(top, 'sub'));
  for (const place of [top, join(top, 'sub')]) {
    await writeFile(join(place, PART), 'half');
    await writeFile(join(place, '.part-mine'), 'whole');
  }
  const tree = new LocalTree(top);
  const bytes = Buffer.from('x');
  await Promise.all(['a', 'b', 'c', 'sub/d', 'sub/e'].map((path) => tree.placeBytes(path, bytes)));
  t.deepEqual((await readdir(top)).sort(), ['.part-mine', 'a', 'b', 'c', 'sub']);
  t.deepEqual((await readdir(join(top, 'sub'))).sort(), ['.part-mine', 'd', 'e']);
});
