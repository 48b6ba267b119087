import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { GpoolError } from '../../../../src/errors.js';
import type { Shell } from '../../../../src/network/shell/shell.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { seededRandom } from '../../../../src/random.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { faultOf, startTestHost } from './ssh-hosts.js';

const MS = 300;

/** Every public call that waits for the other side. */
const CALLS: Readonly<Record<string, (shell: Shell, file: string) => Promise<unknown>>> = {
  run: (shell) => shell.run('true', { deadlineMs: MS }),
  'run with input': (shell) => shell.run('cat', { input: Buffer.alloc(3_000_000), deadlineMs: MS }),
  start: (shell) => shell.start('cat', { deadlineMs: MS }),
  putFile: (shell, file) => shell.putFile(file, 'up', { stallMs: MS }),
  getFile: (shell, file) => shell.getFile('down', `${file}.copy`, 100, { stallMs: MS }),
};

test('a server that answers no request makes no call hang', async (t) => {
  const seed = Number(process.env.GPOOL_SEED ?? Date.now() % 1e9);
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const { host, shell, directory } = await startTestHost(t);
  const file = join(directory, 'file');
  await writeFile(file, Buffer.alloc(1_000_000));
  for (let round = 0; round < 6; round++) {
    const ssh = await shell();
    await ssh.open();
    host.silence();
    const calls = Object.entries(CALLS).filter(() => random() < 0.8);
    const begun = performance.now();
    for (const [name, end] of await settle(calls.map(([name, call]) => [name, call(ssh, file)])))
      t.true(
        end instanceof GpoolError && ['E_DEADLINE', 'E_CONN_LOST'].includes(end.code),
        `${name}: ${end}`,
      );
    t.true(performance.now() - begun < 10 * MS);
    await ssh.close();
    host.restore();
  }
});

test('a server that opens sessions and then never answers makes no call hang', async (t) => {
  const { host, shell } = await startTestHost(t, { faults: { neverAnswer: true } });
  const ssh = await shell();
  t.is((await faultOf(t, ssh.run('true'))).code, 'E_CONN_LOST', 'not open yet');
  await ssh.open();
  t.is((await faultOf(t, ssh.run('true', { deadlineMs: MS }))).code, 'E_DEADLINE');
  const running = faultOf(t, ssh.run('true'));
  host.drop();
  t.is((await running).code, 'E_CONN_LOST');
});

test('a connection that never answers at all makes open fail in time', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const directory = await tempDir(t);
  const config = join(directory, 'config');
  await writeFile(config, `UserKnownHostsFile ${join(directory, 'known')}\n`);
  const shell = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port },
    { configFile: config, connectTimeoutMs: MS, prompt: async () => '' },
  );
  t.is((await faultOf(t, shell.open())).code, 'E_CONN_TIMEOUT');
  await t.notThrowsAsync(shell.close());
});

async function settle(calls: readonly (readonly [string, Promise<unknown>])[]): Promise<[string, unknown][]> {
  return Promise.all(
    calls.map(
      async ([name, call]): Promise<[string, unknown]> => [name, await call.catch((error: unknown) => error)],
    ),
  );
}
