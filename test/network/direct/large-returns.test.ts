import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Network } from '../../../src/network/network.js';
import { SshNetwork } from '../../../src/network/ssh-network.js';
import { startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { startSshdFarm } from '../../helpers/sshd-farm.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { sshdTest } from '../../helpers/tiers.js';
import { localPool, openPool, type Pool } from './pool.js';

const LARGE = 17 * 2 ** 20;

async function comesBackWhole(t: ExecutionContext, pool: Pool): Promise<void> {
  const name = 'a large\nresult';
  const attempt = await pool.launch('1.1', {
    commands: [`head -c ${LARGE} /dev/urandom >$'a large\\nresult'; sha256sum <$'a large\\nresult' >sum`],
    returns: [{ pattern: '*', optional: false }],
  });
  await pool.ended(attempt);
  const out = join(pool.directory, 'out');
  await pool.network.collectJob(attempt, out);
  const bytes = await readFile(join(out, name));
  t.is(bytes.length, LARGE);
  const sum = createHash('sha256').update(bytes).digest('hex');
  t.is(await readFile(join(out, 'sum'), 'utf8'), `${sum}  -\n`);
  t.deepEqual((await readdir(out)).sort(), [name, 'sum']);
}

async function poolOf(t: ExecutionContext, network: Network): Promise<Pool> {
  return openPool(t, network, await tempDir(t), 'b1');
}

test.serial('on this machine a large result comes back whole', async (t) => {
  await comesBackWhole(t, await localPool(t));
});

test.serial('over ssh2 a large result comes back whole', async (t) => {
  const farm = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => farm.close());
  const network = new SshNetwork({ hosts: ['lab01'], configFile: farm.sshConfig, slots: 1 });
  await comesBackWhole(t, await poolOf(t, network));
});

for (const transport of ['ssh2', 'openssh'] as const) {
  sshdTest(`from an sshd over ${transport} a large result comes back whole`, async (t) => {
    const farm = await startSshdFarm({ lab01: {} });
    t.teardown(() => farm.close());
    const network = new SshNetwork({ hosts: ['lab01'], configFile: farm.sshConfig, slots: 1, transport });
    await comesBackWhole(t, await poolOf(t, network));
  });
}
