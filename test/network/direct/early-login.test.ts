import { join } from 'node:path';
import test from 'ava';
import { HostError } from '../../../src/errors.js';
import { DirectNetwork } from '../../../src/network/direct/direct-network.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { openPool } from './pool.js';

/** One host; notes what is done with its Shells. `login` goes before each login. */
async function watchedNetwork(t: Teardown, login: () => Promise<void> = async () => {}) {
  const directory = await tempDir(t);
  const told: string[] = [];
  const openShell = (): Shell => {
    const shell = createLocalShell();
    told.push('made');
    let opening: Promise<void> | undefined;
    const open = () => {
      told.push('opened');
      return login();
    };
    return {
      ...shell,
      open: () => {
        opening ??= open();
        return opening;
      },
      close: async () => {
        told.push('closed');
        await shell.close();
      },
    };
  };
  const settings = { ...PLAIN_DEFAULTS, root: join(directory, 'root') };
  const hosts = [createHost('here', { kind: 'local' }, settings)];
  return { network: new DirectNetwork({ hosts, openShell, cwd: directory }), told, directory };
}

test.serial('a login that began early is the one that the batch goes on with', async (t) => {
  const { network, told, directory } = await watchedNetwork(t);
  network.connect();
  t.deepEqual(told, ['made', 'opened']);
  const pool = await openPool(t, network, directory, 'b1');
  t.is(told.filter((what) => what === 'made').length, 1);
  await pool.ended(await pool.launch('1.1', {}));
});

test.serial('a login that began early and failed is told when the pool opens', async (t) => {
  const refused = new HostError('E_AUTH', { what: 'refused', where: 'here' });
  const { network, told, directory } = await watchedNetwork(t, () => Promise.reject(refused));
  network.connect();
  const pool = await openPool(t, network, directory, 'b1');
  t.deepEqual(
    pool.events.map(({ type }) => type),
    ['host.failed'],
  );
  t.deepEqual(told.slice(0, 2), ['made', 'opened']);
  t.is(told.filter((what) => what === 'opened').length, 1);
});

test.serial('a pool that is closed before it was opened lets go of its early logins', async (t) => {
  const { network, told } = await watchedNetwork(t);
  network.connect();
  await network.close();
  t.deepEqual(told, ['made', 'opened', 'closed']);
});
