import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SshOptions } from '../../../../src/network/shell/ssh-options.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import { startTcpProxy } from '../../../helpers/tcp-proxy.js';
import { waitFor } from '../../../helpers/wait-for.js';
import { faultOf, startTestHost } from './ssh-hosts.js';

/** A server that is no SSH server; answers its port and how many connections came. */
async function serve(t: ExecutionContext, act: (socket: Socket, count: number) => void) {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    act(socket, ++count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, count: () => count };
}

function open(port: number, options: SshOptions = {}, address = '127.0.0.1') {
  const prompt = async () => 'x';
  return createSsh2Shell(
    { kind: 'ssh', address, port, user: 'me' },
    { configFile: 'none', prompt, ...options },
  ).open();
}

test('a closed port is a refused connection', async (t) => {
  const { port } = await serve(t, () => {});
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const address = closed.address();
  closed.close();
  const error = await faultOf(t, open(typeof address === 'object' && address !== null ? address.port : port));
  t.is(error.code, 'E_CONN_REFUSED');
  t.regex(error.message, /^me@127\.0\.0\.1:\d+: the connection was refused/);
});

test('a name that does not exist is a look-up error', async (t) => {
  const error = await faultOf(t, open(22, {}, 'gpool-test.invalid'));
  t.is(error.code, 'E_DNS');
});

test('another service on the port is told by what it says', async (t) => {
  const http = await serve(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  const error = await faultOf(t, open(http.port));
  t.is(error.code, 'E_NOT_SSH');
  t.regex(error.message, /HTTP\/1\.1 400/);
  const smtp = await serve(t, (socket) => socket.write('220 mail ESMTP\r\n'));
  t.is((await faultOf(t, open(smtp.port, { connectTimeoutMs: 500 }))).code, 'E_NOT_SSH');
});

test('a port that accepts and says nothing ends at the connect timeout', async (t) => {
  const silent = await serve(t, () => {});
  const error = await faultOf(t, open(silent.port, { connectTimeoutMs: 300 }));
  t.is(error.code, 'E_CONN_TIMEOUT');
  t.is(silent.count(), 1);
});

test('a server that shuts us out for a while is told as such, and left alone', async (t) => {
  const server = await serve(t, (socket) => socket.end('Not allowed at this time\r\n'));
  const error = await faultOf(t, open(server.port));
  t.is(error.code, 'E_PENALTY');
  t.is(server.count(), 1);
});

test('a server that keeps dropping connections is tried until the connect timeout', async (t) => {
  const server = await serve(t, (socket) => socket.end('Exceeded MaxStartups\r\n'));
  const error = await faultOf(t, open(server.port, { connectTimeoutMs: 1500 }));
  t.is(error.code, 'E_CONN_LOST');
  t.true(server.count() > 1 && server.count() < 20, `${server.count()}`);
});

test('a server that drops the first connections is reached in the end', async (t) => {
  const { host, pool, directory } = await startTestHost(t);
  const door = await serve(t, (socket, count) => {
    if (count <= 3) socket.resetAndDestroy();
    else
      socket
        .pipe(connect(host.port, '127.0.0.1'))
        .on('error', () => {})
        .pipe(socket);
  });
  const known = join(directory, 'known');
  const config = join(directory, 'config');
  await writeFile(config, `UserKnownHostsFile ${known}\nIdentityFile ${pool.identity}\nIdentityAgent none\n`);
  const shell = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port: door.port },
    { configFile: config },
  );
  t.teardown(() => shell.close());
  await t.notThrowsAsync(shell.open());
});

test('a link that goes silent is dead after the keepalives, and all that waits fails', async (t) => {
  const { host, pool, directory } = await startTestHost(t);
  const proxy = await startTcpProxy({ address: '127.0.0.1', port: host.port });
  t.teardown(() => proxy.close());
  const config = join(directory, 'config');
  await writeFile(
    config,
    `UserKnownHostsFile ${join(directory, 'known')}\nIdentityFile ${pool.identity}\nIdentityAgent none\n`,
  );
  const shell = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port: proxy.port },
    { configFile: config, keepaliveMs: 200, keepaliveCount: 2 },
  );
  await shell.open();
  const closed: unknown[] = [];
  shell.onClose((error) => closed.push(error?.code));
  const channel = await shell.start('cat');
  const running = Promise.all(Array.from({ length: 8 }, () => faultOf(t, shell.run('sleep 30'))));
  proxy.setMode({ kind: 'blackhole' });
  for (const error of await running) t.is(error.code, 'E_CONN_LOST');
  t.is((await faultOf(t, channel.ended)).code, 'E_CONN_LOST');
  t.deepEqual(closed, ['E_CONN_LOST']);
  t.is((await faultOf(t, shell.run('true'))).code, 'E_CONN_LOST');
});

test('an idle link with keepalives stays', async (t) => {
  const { shell } = await startTestHost(t);
  const ssh = await shell({ keepaliveMs: 500, keepaliveCount: 3 });
  await ssh.open();
  const { code } = await ssh.run('sleep 4; exit 5');
  t.is(code, 5);
});

test('a cut link is told once, and open connects anew', async (t) => {
  const { shell, host } = await startTestHost(t);
  const ssh = await shell();
  await ssh.open();
  const closed: unknown[] = [];
  ssh.onClose((error) => closed.push(error?.code));
  const running = faultOf(t, ssh.run('sleep 30'));
  await ssh.run('true');
  host.drop();
  t.is((await running).code, 'E_CONN_LOST');
  t.deepEqual(closed, ['E_CONN_LOST']);
  await ssh.open();
  t.is((await ssh.run('exit 4')).code, 4);
  await ssh.close();
  t.deepEqual(closed, ['E_CONN_LOST', undefined]);
});

test('close lets go at once of an open that is still under way', async (t) => {
  const silent = await serve(t, () => {});
  const shell = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port: silent.port },
    { configFile: 'none', prompt: async () => '', connectTimeoutMs: 3000 },
  );
  const opening = faultOf(t, shell.open());
  await waitFor(() => silent.count() === 1, { what: 'the connection' });
  await shell.close();
  t.is((await opening).code, 'E_CONN_LOST');
});

test('a slow link on which bytes still move is not taken for dead', async (t) => {
  const { host, pool, directory } = await startTestHost(t);
  const proxy = await startTcpProxy({ address: '127.0.0.1', port: host.port });
  t.teardown(() => proxy.close());
  const config = join(directory, 'config');
  await writeFile(
    config,
    `UserKnownHostsFile ${join(directory, 'known')}\nIdentityFile ${pool.identity}\nIdentityAgent none\n`,
  );
  const shell = createSsh2Shell(
    { kind: 'ssh', address: '127.0.0.1', port: proxy.port },
    { configFile: config, keepaliveMs: 1000, keepaliveCount: 1 },
  );
  t.teardown(() => shell.close());
  await shell.open();
  proxy.setMode({ kind: 'delay', ms: 250 });
  t.is((await shell.run('for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo $i; done; exit 2')).code, 2);
});
