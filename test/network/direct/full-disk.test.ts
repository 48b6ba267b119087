import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { TransportError } from '../../../src/errors.js';
import type { NetworkEvent } from '../../../src/events/event.js';
import { LocalNetwork } from '../../../src/network/local-network.js';
import { checkLocalCommand } from '../../../src/network/shell/commands.js';
import { mountSmall } from '../../helpers/small-disk.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { sshdTest } from '../../helpers/tiers.js';
import { waitFor } from '../../helpers/wait-for.js';
import { localPool } from './pool.js';

const input = { files: [{ source: 'big', target: 'big' }] };

async function failure(
  t: Teardown,
  options: string,
): Promise<{ readonly code: string; readonly left: string[] }> {
  const directory = await tempDir(t);
  const resultsDir = join(directory, 'small');
  await mountSmall(t, resultsDir, options);
  const pool = await localPool(t, { directory, resultsDir });
  const failed = pool.events.find((event) => event.type === 'host.failed');
  return {
    code: failed?.type === 'host.failed' ? failed.fault.code : '',
    left: await readdir(join(resultsDir, 'bin')).catch(() => []),
  };
}

sshdTest('a host too full for the helper fails with E_REMOTE_DISK and keeps no half helper', async (t) => {
  t.deepEqual(await failure(t, 'size=16k'), { code: 'E_REMOTE_DISK', left: [] });
});

sshdTest('a host without inodes fails with E_REMOTE_INODES', async (t) => {
  t.is((await failure(t, 'nr_inodes=5')).code, 'E_REMOTE_INODES');
});

sshdTest('an input that does not fit fails with E_REMOTE_DISK and leaves nothing in the cache', async (t) => {
  const directory = await tempDir(t);
  const resultsDir = join(directory, 'small');
  await mountSmall(t, resultsDir, 'size=1m');
  await writeFile(join(directory, 'big'), Buffer.alloc(5_000_000, 'x'));
  const pool = await localPool(t, { directory, resultsDir });
  await t.throwsAsync(pool.launch('1.1', input), { code: 'E_REMOTE_DISK' });
  t.deepEqual(await readdir(join(resultsDir, 'cache')), []);
  t.is((await pool.ended(await pool.launch('2.1', {}))).outcome.kind, 'succeeded');
});

sshdTest('a host of this batch that is full for a while is lost for that while, not given up', async (t) => {
  const directory = await tempDir(t);
  const resultsDir = join(directory, 'small');
  await mountSmall(t, resultsDir, 'size=1m');
  const before = await localPool(t, { directory, resultsDir });
  const attempt = await before.launch('1.1', { commands: ['echo done'] });
  const { offset } = await before.ended(attempt);
  await before.network.close();
  await rm(join(resultsDir, 'bin'), { recursive: true });
  await writeFile(join(resultsDir, 'filler'), Buffer.alloc(2_000_000)).catch(() => {});

  const network = new LocalNetwork({ resultsDir, cwd: directory, reconnect: { firstMs: 50, mostMs: 50 } });
  const events: NetworkEvent[] = [];
  network.subscribe((event) => events.push(event));
  t.teardown(() => network.close({ cleanup: true }));
  await network.open({ batch: 'b1', offsets: { ':': offset } });
  t.like(events, [{ type: 'host.lost', fault: { code: 'E_REMOTE_DISK' } }]);
  await t.throwsAsync(network.collectJob(attempt, join(directory, 'out')), { instanceOf: TransportError });
  await rm(join(resultsDir, 'filler'));
  await waitFor(() => events.some(({ type }) => type === 'host.ready'), {
    limitMs: 60_000,
    what: 'the host',
  });
  t.is((await network.collectJob(attempt, join(directory, 'out'))).stdoutBytes, 5);
});

sshdTest(
  'a full disk here is E_LOCAL_DISK, leaves no half file, and the job can be collected later',
  async (t) => {
    const pool = await localPool(t);
    const small = join(pool.directory, 'small');
    await mountSmall(t, small, 'size=1m');
    const returns = [{ pattern: 'result', optional: false }];
    const commands = ['yes | head -c 3000000', 'yes | head -c 3000000 > result'];
    const attempt = await pool.launch('1.1', { returns, commands });
    await pool.ended(attempt);
    await t.throwsAsync(pool.network.collectJob(attempt, small), { code: 'E_LOCAL_DISK' });
    t.deepEqual(await readdir(small), []);
    const collected = await pool.network.collectJob(attempt, join(pool.directory, 'out'));
    t.like(collected, { stdoutBytes: 3_000_000, files: [{ path: 'result', bytes: 3_000_000 }] });
  },
);

test.serial('a helper that was cut or changed is sent anew before it is used', async (t) => {
  const directory = await tempDir(t);
  const bin = join(directory, 'root/bin');
  for (const [batch, spoil] of [
    ['b1', async () => {}],
    ['b2', (file: string) => truncate(file, 0)],
    ['b3', (file: string) => writeFile(file, '\n: changed', { flag: 'a' })],
  ] as const) {
    const [helper] = await readdir(bin).catch(() => []);
    if (helper) await spoil(join(bin, helper));
    const pool = await localPool(t, { directory, batch });
    t.is((await pool.ended(await pool.launch('1.1', {}))).outcome.kind, 'succeeded', batch);
    const { stdout } = await checkLocalCommand(['sha256sum', join(bin, (await readdir(bin))[0] ?? '')]);
    t.regex(stdout.toString(), /^([0-9a-f]{64}) .*gjob-\1/);
  }
});
