// The embedded hosts of a test, in a process of their own that can be an ordinary user's.
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { startEmbeddedHosts } from '../../../src/testing/embedded-hosts.js';
import { endProcessesOf } from '../../../src/testing/end-processes.js';
import type { Account, PoolOrder } from './world.js';

process.once('message', (order: PoolOrder) => void serve(order));

async function serve({ account, home, names, far, shell }: PoolOrder): Promise<void> {
  become(account);
  const hostOptions = { [far.name]: { address: far.address } };
  const pool = await startEmbeddedHosts({ names, homes: join(home, 'hosts'), shell, hostOptions });
  const host = pool.hosts.find(({ name }) => name === far.name);
  if (host === undefined) throw new Error(`there is no host ${far.name}`);
  const relay = createServer((socket) => {
    const onwards = connect(host.port, host.address);
    socket.on('error', () => onwards.destroy()).pipe(onwards);
    onwards.on('error', () => socket.destroy()).pipe(socket);
  }).listen(far.port, far.address);
  await once(relay, 'listening');
  await appendFile(pool.knownHosts, `[${far.address}]:${far.port} ${host.publicKey}\n`);
  await mkdir(join(home, '.ssh'), { mode: 0o700 });
  await writeFile(join(home, '.ssh/config'), await readFile(pool.sshConfig), { mode: 0o600 });
  process.once('disconnect', async () => {
    await pool.close();
    await endProcessesOf([home]);
    process.exit();
  });
  process.send?.('ready');
}

/** Gives up root for good: what these hosts run, an ordinary user runs. */
function become(account: Account | undefined): void {
  if (account === undefined) return;
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}
