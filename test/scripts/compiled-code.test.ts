import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readCompiled, writeCompiled } from '../../scripts/compiled-code.js';
import { tempDir } from '../helpers/temp-dir.js';

test('compiled code comes back as it was kept', async (t) => {
  const file = join(await tempDir(t), 'code');
  t.is(readCompiled(file), undefined);
  writeCompiled(file, Buffer.from('compiled'));
  t.deepEqual(readCompiled(file), Buffer.from('compiled'));
});

test('compiled code that was cut or changed is not used', async (t) => {
  const file = join(await tempDir(t), 'code');
  writeCompiled(file, Buffer.from('compiled'));
  const whole = await readFile(file);
  for (let length = 0; length < whole.length; length++) {
    await truncate(file, length);
    t.is(readCompiled(file), undefined, `${length} bytes`);
    await writeFile(file, whole);
  }
  for (const at of whole.keys()) {
    await writeFile(
      file,
      whole.map((byte, place) => (place === at ? byte ^ 1 : byte)),
    );
    t.is(readCompiled(file), undefined, `byte ${at}`);
  }
});
