import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../src/clock.js';
import { HostError, TransportError } from '../../../src/errors.js';
import type { NetworkEvent } from '../../../src/events/event.js';
import { DirectNetwork } from '../../../src/network/direct/direct-network.js';
import { createLocalShell } from '../../../src/network/shell/local-shell.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import { createHost, PLAIN_DEFAULTS } from '../../../src/spec/inventory/inventory.js';
import { type Teardown, tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

/** Waits of ours pass a hundred times as fast. */
const hasty = {
  ...systemClock,
  after: (ms: number, callback: () => void, options?: { readonly unref?: boolean }) =>
    systemClock.after(ms / 100, callback, options),
};

/** A host whose root is `home/root`, what was told of it, and a way to cut its link. */
async function openHost(t: Teardown, directory: string, login: () => void = () => undefined) {
  const settings = { ...PLAIN_DEFAULTS, root: join(directory, 'home/root') };
  let cut = (): void => undefined;
  const openShell = (): Shell => {
    const shell = createLocalShell();
    const onClose: Shell['onClose'] = (listener) => {
      cut = () => listener(new TransportError('E_CONN_LOST', { what: 'cut', where: 'test' }));
      return shell.onClose(listener);
    };
    const open = async () => {
      login();
      await shell.open();
    };
    return { ...shell, onClose, open };
  };
  const host = createHost('h', { kind: 'local' }, settings);
  const network = new DirectNetwork({ hosts: [host], openShell, clock: hasty });
  const told: string[] = [];
  network.subscribe((event: NetworkEvent) => {
    if ('fault' in event) told.push(`${event.type} ${event.fault.code}`);
    else if (event.type === 'host.ready') told.push(event.type);
  });
  await network.open({ batch: 'b' });
  t.teardown(() => network.close({ cleanup: true }));
  const hear = (text: string) =>
    waitFor(() => told.at(-1) === text, { limitMs: 60_000, what: `${text} after ${told.join(', ')}` });
  return { told, hear, cut: () => cut() };
}

test.serial(
  'a host whose root cannot be made is told once, tried again, and ready when it can',
  async (t) => {
    const directory = await tempDir(t);
    await writeFile(join(directory, 'home'), 'a file in place of the mounted home');
    const { told, hear } = await openHost(t, directory);
    t.deepEqual(told, ['host.failed E_ROOT']);
    await rm(join(directory, 'home'));
    await mkdir(join(directory, 'home'));
    await hear('host.ready');
    t.deepEqual(told, ['host.failed E_ROOT', 'host.ready']);
  },
);

test.serial('a host that has worked and loses its root is lost until the root is back', async (t) => {
  const directory = await tempDir(t);
  await mkdir(join(directory, 'home'));
  const { told, hear, cut } = await openHost(t, directory);
  await rename(join(directory, 'home'), join(directory, 'away'));
  await writeFile(join(directory, 'home'), '');
  cut();
  await hear('host.lost E_ROOT');
  // Many tries later, nothing more has been told: the loss of the link once, then what a person can mend.
  await new Promise<void>((resolve) => void hasty.after(90_000, resolve));
  t.deepEqual(told.slice(1), ['host.lost E_CONN_LOST', 'host.lost E_ROOT']);
  await rm(join(directory, 'home'));
  await rename(join(directory, 'away'), join(directory, 'home'));
  await hear('host.ready');
});

for (const [code, again] of [
  ['E_LOGIN_SHELL', true],
  ['E_REMOTE_INODES', true],
  ['E_AUTH', false],
  ['E_HOSTKEY_CHANGED', false],
] as const) {
  test.serial(
    `a host that fails with ${code} is ${again ? 'tried again' : 'given up at once'}`,
    async (t) => {
      const directory = await tempDir(t);
      await mkdir(join(directory, 'home'));
      let logins = 0;
      const { told, hear } = await openHost(t, directory, () => {
        logins += 1;
        if (logins < 3) throw new HostError(code, { what: 'no', where: 'h' });
      });
      t.deepEqual(told, [`host.failed ${code}`]);
      if (again) await hear('host.ready');
      else {
        await new Promise<void>((resolve) => void hasty.after(90_000, resolve));
        t.is(logins, 1);
      }
    },
  );
}
