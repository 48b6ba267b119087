import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GPOOL } from '../gpool.js';
import { writeNumbers } from '../numbers.js';
import { runCommand } from '../run-command.js';
import { startCountingProxy } from './counting-proxy.js';
import type { HostAddress } from './embedded-host.js';

/** What a batch costs host and wire. Chance adds a little: how events meet in one packet, how often a host looks. */
export interface HostCounts {
  /** Processes started on the host, the jobs' own included. */
  readonly forks: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

const HOST = fileURLToPath(new URL('./embedded-host.js', import.meta.url));
const JOBS = 200;
/** The first 20 leave a line; `test` and `echo` start no process. */
const COMMAND = 'test {} -gt 20 || echo {}';
const STRACE = ['-f', '-qq', '--seccomp-bpf'];

/** Runs 200 short jobs, 20 of them with output, on one embedded host of 2 slots, and counts there. Needs strace. */
export async function countBatch(): Promise<HostCounts> {
  const directory = await mkdtemp(join(tmpdir(), 'gpool-count-'));
  try {
    const forks = join(directory, 'forks');
    const host = await startHost(forks);
    const wire = await runBatch(directory, host.address);
    await host.stop();
    const lines = (await readFile(forks, 'utf8')).split('\n');
    return { forks: lines.filter(isFork).length, ...wire };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Threads are no forks; a call that was interrupted is told twice, its result once. */
function isFork(line: string): boolean {
  return /(clone3?|v?fork)\b.* = \d+$/.test(line) && !line.includes('CLONE_THREAD');
}

async function startHost(trace: string) {
  const args = [...STRACE, '-e', 'trace=clone,clone3,fork,vfork', '-o', trace, process.execPath, HOST];
  const child = spawn('strace', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited]);
  const address: HostAddress = JSON.parse(String(line));
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  return { address, stop };
}

async function runBatch(directory: string, { port, publicKey, identity }: HostAddress) {
  const proxy = await startCountingProxy(port);
  const known = join(directory, 'known_hosts');
  await writeFile(known, `[127.0.0.1]:${proxy.port} ${publicKey}\n`);
  const config = join(directory, 'ssh_config');
  const lines = ['Host h1', 'HostName 127.0.0.1', `Port ${proxy.port}`, `User ${userInfo().username}`];
  const files = [`IdentityFile ${identity}`, `UserKnownHostsFile ${known}`, 'GlobalKnownHostsFile none', ''];
  await writeFile(config, [...lines, ...files].join('\n'));
  const numbers = await writeNumbers(join(directory, 'numbers'), JOBS);
  const where = ['-F', config, '-S', '2/h1', '--out', join(directory, 'batch'), '-a', numbers];
  await runCommand(process.execPath, [GPOOL, 'run', ...where, '--', COMMAND]);
  await proxy.close();
  return { bytesUp: proxy.bytes.up, bytesDown: proxy.bytes.down };
}
