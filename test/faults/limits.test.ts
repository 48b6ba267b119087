import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { finish, MAIN } from '../helpers/run-gpool.js';
import { tempDir } from '../helpers/temp-dir.js';
import { faultTest } from './fault-test.js';

const DESCRIPTORS = 128;
/** As many as 128 descriptors are enough for, by gpool's own count. */
const MOST_HOSTS = 32;
const JOBS = 100_000;
const HEAP_MIB = 128;
/** Well within what is taken with that heap. */
const MOST_JOBS = 60_000;

faultTest('200 hosts with 128 descriptors are refused before anything is begun', ['prlimit'], async (t) => {
  const { cwd, run } = await prepare(t);
  const { code, stderr } = await run(200, 400);
  t.is(code, 3, stderr);
  t.regex(stderr, /may need 464 open files at once, this process may have 128 \(E_DESCRIPTORS\)/);
  t.false(existsSync(join(cwd, 'b')));
});

faultTest('with 128 descriptors the most hosts that are taken run their batch', ['prlimit'], async (t) => {
  const { cwd, run } = await prepare(t);
  const { code, stderr } = await run(MOST_HOSTS, 10 * MOST_HOSTS);
  t.is(code, 0, stderr);
  for (let job = 1; job <= 10 * MOST_HOSTS; job++)
    t.is(await readFile(join(cwd, 'b', 'jobs', String(job), '1', 'stdout'), 'utf8'), `${job}\n`);
});

const SMALL_HEAP = `--max-old-space-size=${HEAP_MIB}`;

faultTest(
  'with a heap of 128 MiB a hundred thousand jobs are refused before anything is begun',
  [],
  async (t) => {
    const cwd = await tempDir(t);
    await writeFile(join(cwd, 'numbers'), Array.from({ length: JOBS }, (_, at) => `${at}\n`).join(''));
    const words = ['run', '-S', ':', '--out', 'b', '-a', 'numbers', '--', 'echo'];
    const env = { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1' };
    const { code, stderr } = await finish(
      spawn(process.execPath, [SMALL_HEAP, MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    t.is(code, 3, stderr);
    t.regex(stderr, /E_MEMORY/);
    t.false(existsSync(join(cwd, 'b')));
  },
);

faultTest('with a heap of 128 MiB sixty thousand jobs run, and can be looked at', [], async (t) => {
  const cwd = await tempDir(t);
  const simulate = fileURLToPath(new URL('../../bench/simulate-batch.js', import.meta.url));
  const run = promisify(execFile);
  const options = { cwd, maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await run(
    process.execPath,
    [SMALL_HEAP, simulate, String(MOST_JOBS), join(cwd, 'b')],
    options,
  );
  t.log(`seconds and peak MiB: ${stdout.trim()}`);
  const status = await run(process.execPath, [SMALL_HEAP, MAIN, 'status', 'b', '--json'], options);
  t.is(JSON.parse(status.stdout).jobs.length, MOST_JOBS);
});

/** A pool of one machine with many names, and how a batch is run there with few descriptors. */
async function prepare(t: ExecutionContext) {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ count: 1 });
  t.teardown(() => pool.close());
  const text = await readFile(pool.sshConfig, 'utf8');
  const configFile = join(cwd, 'config');
  await writeFile(configFile, text.replace(/^Host .*/m, 'Host h*'));
  const env = { PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1' };
  const run = (hosts: number, jobs: number) => {
    const numbers = Array.from({ length: jobs }, (_, at) => String(at + 1));
    const words = ['-F', configFile, '-S', `1/h[1-${hosts}]`, '--quiet', '--out', 'b', '--', 'echo', ':::'];
    const gpool = [process.execPath, MAIN, 'run', ...words, ...numbers];
    const limited = [`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, ...gpool];
    return finish(spawn('prlimit', limited, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  };
  return { cwd, run };
}
