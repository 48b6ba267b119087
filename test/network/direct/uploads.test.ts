import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { TransportError } from '../../../src/errors.js';
import { DirectNetwork } from '../../../src/network/direct/direct-network.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { openPool } from './pool.js';

type PutFile = Shell['putFile'];

/** A pool of one host whose uploads to the cache go through `put`; counts them. */
async function uploadPool(
  t: Teardown,
  put: (real: PutFile) => PutFile,
  directory: string,
  batch = 'b1',
  names = [':'],
) {
  const sent: string[] = [];
  const openShell = (): Shell => {
    const shell = createLocalShell();
    const watched = put(shell.putFile);
    const putFile: PutFile = (local, remote, options) => {
      if (!remote.includes('/cache/')) return shell.putFile(local, remote, options);
      sent.push(remote);
      return watched(local, remote, options);
    };
    return { ...shell, putFile };
  };
  const settings = {
    ...PLAIN_DEFAULTS,
    root: join(directory, 'root'),
    slots: { kind: 'count', count: 4 } as const,
  };
  const hosts = names.map((name) => createHost(name, { kind: 'local' }, settings));
  const network = new DirectNetwork({ hosts, openShell, cwd: directory });
  const pool = await openPool(t, network, directory, batch);
  const cache = () => readdir(join(directory, 'root/cache'));
  return { ...pool, sent, cache };
}

const unchanged = (real: PutFile) => real;
const file = (name: string) => ({ source: name, target: name });

test.serial(
  '100 jobs that ask for one file at the same time cost one upload, and a second batch costs none',
  async (t) => {
    const directory = await tempDir(t);
    await writeFile(join(directory, 'common'), 'x'.repeat(100_000));
    for (const [batch, uploads] of [
      ['b1', 1],
      ['b2', 0],
    ] as const) {
      const pool = await uploadPool(t, unchanged, directory, batch);
      const jobs = Array.from({ length: 100 }, (_, at) =>
        pool.launch(`${at + 1}.1`, {
          files: [file('common')],
          commands: ['test "$(wc -c < common)" = 100000'],
        }),
      );
      const ends = await Promise.all((await Promise.all(jobs)).map((attempt) => pool.ended(attempt)));
      t.deepEqual(
        ends.filter(({ outcome }) => outcome.kind !== 'succeeded'),
        [],
      );
      t.is(pool.sent.length, uploads, batch);
    }
  },
);

test.serial(
  'hosts that share a home never send into one file: each input goes once for each host',
  async (t) => {
    const directory = await tempDir(t);
    await writeFile(join(directory, 'common'), 'x'.repeat(1_000_000));
    const names = ['lab01', 'lab02', 'lab03', 'lab04'];
    const pool = await uploadPool(t, unchanged, directory, 'b1', names);
    const launches = names.map((name, at) => pool.launch(`${at + 1}.1`, { files: [file('common')] }, name));
    await Promise.all((await Promise.all(launches)).map((attempt) => pool.ended(attempt)));
    t.is(new Set(pool.sent).size, pool.sent.length);
    t.true(pool.sent.length <= names.length);
  },
);

test.serial('files with the same content are one upload, in trees of any shape', async (t) => {
  const directory = await tempDir(t);
  const names = Array.from({ length: 20 }, (_, at) => `same-${at}`);
  for (const name of names) await writeFile(join(directory, name), 'same');
  const pool = await uploadPool(t, unchanged, directory);
  const attempts = await Promise.all(
    names.map((name, at) => pool.launch(`${at + 1}.1`, { files: [file(name)] })),
  );
  await Promise.all(attempts.map((attempt) => pool.ended(attempt)));
  t.is(pool.sent.length, 1);
});

test.serial(
  'an upload that breaks off leaves nothing under a final name, and the next one is whole',
  async (t) => {
    const directory = await tempDir(t);
    await writeFile(join(directory, 'in'), 'whole content');
    let broken = false;
    const pool = await uploadPool(
      t,
      (real) => async (local, remote, options) => {
        if (broken) return real(local, remote, options);
        broken = true;
        await writeFile(remote, 'whole con', { mode: 0o600 });
        throw new TransportError('E_TRANSFER', { what: 'the copy stopped', where: 'test' });
      },
      directory,
    );
    await t.throwsAsync(pool.launch('1.1', { files: [file('in')] }), { code: 'E_TRANSFER' });
    t.deepEqual(await pool.cache(), []);
    const attempt = await pool.launch('1.2', { files: [file('in')], commands: ['cat in'] });
    await pool.ended(attempt);
    t.is((await pool.network.getStdout(attempt)).toString(), 'whole content');
  },
);

test.serial('bytes that change on the way are refused by the host', async (t) => {
  const directory = await tempDir(t);
  await writeFile(join(directory, 'in'), 'right');
  const wrong = () => (_: string, remote: string) => writeFile(remote, 'wrong', { mode: 0o600 });
  const pool = await uploadPool(t, wrong, directory);
  await t.throwsAsync(pool.launch('1.1', { files: [file('in')] }), { code: 'E_TRANSFER' });
  t.deepEqual(await pool.cache(), []);
});

test.serial(
  'a file that changes once while it is sent goes as it then is; one that never rests fails the job',
  async (t) => {
    const directory = await tempDir(t);
    await writeFile(join(directory, 'in'), 'old');
    let changes = 1;
    const pool = await uploadPool(
      t,
      (real) => async (local, remote, options) => {
        await real(local, remote, options);
        if (changes-- > 0) await writeFile(local, `new ${changes}`);
      },
      directory,
    );
    const attempt = await pool.launch('1.1', { files: [file('in')], commands: ['cat in'] });
    await pool.ended(attempt);
    t.is((await pool.network.getStdout(attempt)).toString(), 'new 0');
    changes = 1000;
    await writeFile(join(directory, 'other'), 'x');
    await t.throwsAsync(pool.launch('2.1', { files: [file('other')] }), { code: 'E_INPUT_CHANGED' });
    for (const name of (await pool.cache()).filter((found) => /^[0-9a-f]{64}$/.test(found))) {
      const bytes = await readFile(join(directory, 'root/cache', name));
      t.is(createHash('sha256').update(bytes).digest('hex'), name);
    }
  },
);
