import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import { getStream, type StartScript } from '../../../src/network/shell/stream-files.js';
import { tempDir } from '../../helpers/temp-dir.js';

const MIB = 2 ** 20;
const SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 4097];

const HOSTS = {
  'with the usual dd': '',
  'whose dd cannot count bytes': 'dd() { [[ "$*" != *count_bytes* ]]; }; ',
  'without dd': 'dd() { return 127; }; ',
};

for (const [name, preamble] of Object.entries(HOSTS)) {
  test.serial(`a host ${name} sends exactly what is asked for of a file`, async (t) => {
    const directory = await tempDir(t);
    const shell = createLocalShell();
    await shell.open();
    t.teardown(() => shell.close());
    const start: StartScript = (script, args) => shell.start(`${preamble}${script}`, { args });
    const there = join(directory, 'there');
    const bytes = randomBytes(4 * MIB);
    await writeFile(there, bytes);
    for (const size of SIZES) {
      const here = join(directory, `here-${size}`);
      await getStream(start, 'here', [there, here], size);
      t.true((await readFile(here)).equals(bytes.subarray(0, size)), `${size} bytes`);
    }
    await t.throwsAsync(getStream(start, 'here', [there, join(directory, 'more')], 5 * MIB), {
      code: 'E_TRANSFER',
    });
  });
}
