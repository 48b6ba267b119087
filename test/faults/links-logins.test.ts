import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { runGpool } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { FULL } from './harness/effort.js';

const LIMIT_MS = 240_000;

test.serial(
  'a host that refuses a login is not tried again in that run, whatever there is to do',
  async (t) => {
    t.timeout(LIMIT_MS);
    const cwd = await tempDir(t);
    const hostOptions = { bad: { faults: { refuseAuth: true } } };
    const pool = await startEmbeddedHosts({ names: ['good', 'bad'], hostOptions });
    t.teardown(() => pool.close());
    const jobs = Array.from({ length: 60 }, (_, at) => String(at));
    const words = ['-F', pool.sshConfig, '-S', '1/good,1/bad', '--retries', '3', '--out', 'b'];
    const { code, stdout, stderr } = await runGpool(
      ['run', ...words, '--', 'sleep 0.1; echo {}', ':::', ...jobs],
      { cwd },
    );
    t.is(code, 0, stderr);
    t.is(stdout.split('\n').filter(Boolean).length, jobs.length);
    t.is(pool.hosts[1]?.loginAttempts, 1, 'one key was offered, once');
  },
);

test.serial(
  'a server that shuts us out for a while is tried three times at most in it, and reached soon after',
  async (t) => {
    t.timeout(LIMIT_MS);
    const cwd = await tempDir(t);
    const pool = await startEmbeddedHosts({ names: ['good', 'strict'] });
    t.teardown(() => pool.close());
    const door = await startDoor(t, pool.hosts[1]?.port ?? 0, PENALTY_MS);
    const configFile = join(cwd, 'config');
    const own = `Host strict\n HostName 127.0.0.1\n Port ${door.port}\n`;
    await writeFile(
      configFile,
      `${own} UserKnownHostsFile ${cwd}/known\nMatch all\nInclude ${pool.sshConfig}\n`,
    );
    const words = ['-F', configFile, '-S', '1/good,1/strict', '--out', 'b'];
    // A second each: they last until well after the penalty.
    const jobs = Array.from({ length: PENALTY_MS / 1000 + 16 }, (_, at) => String(at));
    const command = ['sleep 1; : {}', ':::', ...jobs];
    const { code, stderr } = await runGpool(['run', ...words, '--', ...command], { cwd });
    t.log(`${door.refused} refused in ${PENALTY_MS} ms; let in ${door.waitedMs} ms after its end`);
    t.is(code, 0, stderr);
    t.true(door.refused <= 3);
    t.true(door.waitedMs <= 10_000);
  },
);

const PENALTY_MS = FULL ? 60_000 : 25_000;

/** A way to a server that refuses everybody, as sshd does in a penalty, for so long from the first connection on. */
async function startDoor(t: ExecutionContext, port: number, ms: number) {
  const seen = { port: 0, refused: 0, waitedMs: Number.POSITIVE_INFINITY };
  let end = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    end ||= performance.now() + ms;
    const late = performance.now() - end;
    if (late < 0) {
      seen.refused += 1;
      socket.end('Not allowed at this time\r\n');
      return;
    }
    seen.waitedMs = Math.min(seen.waitedMs, Math.round(late));
    const host = connect(port, '127.0.0.1').on('error', () => socket.destroy());
    socket.pipe(host).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  seen.port = typeof address === 'object' && address !== null ? address.port : 0;
  return seen;
}
