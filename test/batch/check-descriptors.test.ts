import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkDescriptors } from '../../src/batch/check-descriptors.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { tempDir } from '../helpers/temp-dir.js';

const HEAD = 'Limit                     Soft Limit           Hard Limit           Units     \n';

test('a pool that needs more open files than there may be is refused, any other is not', async (t) => {
  const limits = join(await tempDir(t), 'limits');
  await writeFile(
    limits,
    `${HEAD}Max open files            128                  128                  files     \n`,
  );
  await t.notThrowsAsync(checkDescriptors(parseHosts('h[1-32]'), {}, limits));
  const error = await t.throwsAsync(checkDescriptors(parseHosts('h[1-33]'), {}, limits), {
    code: 'E_DESCRIPTORS',
  });
  t.regex(error?.message ?? '', /33 hosts may need 130 open files at once, this process may have 128/);
  await t.throwsAsync(checkDescriptors(parseHosts('h[1-32]'), { transport: 'openssh' }, limits), {
    code: 'E_DESCRIPTORS',
  });
});

test('without a limit, or without word of it, every pool is taken', async (t) => {
  const limits = join(await tempDir(t), 'limits');
  await t.notThrowsAsync(checkDescriptors(parseHosts('h[1-999]'), {}, limits));
  await writeFile(
    limits,
    `${HEAD}Max open files            unlimited            unlimited            files     \n`,
  );
  await t.notThrowsAsync(checkDescriptors(parseHosts('h[1-999]'), {}, limits));
});
