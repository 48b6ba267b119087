import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readKeyFile } from '../../../../src/network/shell/ssh2/key-file.js';
import { generateKey } from '../../../../src/testing/generate-key.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { faultOf, startTestHost } from './ssh-hosts.js';

for (const mode of [0o644, 0o640, 0o620, 0o601, 0o604]) {
  test(`a named private key of mode ${mode.toString(8)} is not used, as ssh uses none`, async (t) => {
    const { shell, pool, host, directory } = await startTestHost(t);
    const key = join(directory, 'open-key');
    await copyFile(pool.identity, key);
    await chmod(key, mode);
    const config = `IdentityFile ${key}\nIdentityAgent none\nUserKnownHostsFile ${pool.knownHosts}\n`;
    const error = await faultOf(t, (await shell({ config })).open());
    t.is(error.code, 'E_KEY');
    t.regex(error.message, /chmod 600/);
    t.is(host.connections, 0);
    await chmod(key, 0o400);
    await t.notThrowsAsync((await shell({ config })).open());
  });
}

test('a key is exposed by what others may do with it, not by what its owner may', async (t) => {
  const path = join(await tempDir(t), 'key');
  await writeFile(path, generateKey().privateKey);
  const exposed = async (mode: number) => {
    await chmod(path, mode);
    return readKeyFile(path)?.exposed?.code ?? null;
  };
  t.deepEqual(await Promise.all([await exposed(0o700), await exposed(0o600), await exposed(0o660)]), [
    null,
    null,
    'E_KEY',
  ]);
});
