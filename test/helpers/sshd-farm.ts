import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { sshSection } from './ssh-section.js';
import { createAccount, kill, type TestAccount } from './test-account.js';
import { waitFor } from './wait-for.js';

const run = promisify(execFile);

/** Where sshd must be: it insists on being started by its full path. */
export const SSHD = '/usr/sbin/sshd';

export interface SshdHostOptions {
  /** The account's login shell. @default '/bin/bash' */
  readonly shell?: string;
  /** Files in the home: `.bashrc` and the like, by their names there. */
  readonly loginFiles?: Readonly<Record<string, string>>;
  /** Lines put first in sshd_config, where the first word on a setting counts: `MaxSessions 2`, `ForceCommand date`. */
  readonly config?: readonly string[];
  /** No sftp subsystem. */
  readonly noSftp?: boolean;
  /** Mounts a file system of so many KiB at `small` in the home. */
  readonly smallDiskKiB?: number;
}

/** A real sshd with one account and one home of its own. */
export interface SshdHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly home: string;
  /** What sshd logged so far. */
  log(): Promise<string>;
  /** Kills every session; sshd itself goes on. */
  dropSessions(): Promise<void>;
}

export interface SshdFarm {
  readonly hosts: readonly SshdHost[];
  readonly sshConfig: string;
  readonly knownHosts: string;
  readonly identity: string;
  close(): Promise<void>;
}

/** Starts one sshd for each name, on 127.0.0.11 and up. Needs root; call it in a `sshdTest`. */
export async function startSshdFarm(hosts: Readonly<Record<string, SshdHostOptions>>): Promise<SshdFarm> {
  const directory = await mkdtemp(join(tmpdir(), 'gpool-farm-'));
  await chmod(directory, 0o711);
  await mkdir('/run/sshd', { recursive: true });
  const identity = join(directory, 'identity');
  await generateKey(identity);
  const authorized = `${identity}.pub`;
  await chmod(authorized, 0o644);
  const started: StartedHost[] = [];
  for (const [index, [name, options]] of Object.entries(hosts).entries()) {
    started.push(await startHost(directory, authorized, name, `127.0.0.${11 + index}`, options));
  }
  const close = async () => {
    for (const host of started) await host.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { hosts: started, identity, ...(await writeClientFiles(directory, identity, started)), close };
}

interface StartedHost extends SshdHost {
  readonly publicKey: string;
  stop(): Promise<void>;
}

async function startHost(
  directory: string,
  authorized: string,
  name: string,
  address: string,
  options: SshdHostOptions,
): Promise<StartedHost> {
  const own = join(directory, name);
  await mkdir(own);
  const user = `gpool-test-${randomBytes(4).toString('hex')}`;
  const home = join(own, 'home');
  const account = await createAccount(user, home, options.shell ?? '/bin/bash');
  await fillHome(home, account, options);
  const port = await freePort(address);
  await generateKey(join(own, 'host_key'));
  const config = join(own, 'sshd_config');
  await writeFile(config, sshdConfig({ own, authorized, user, address, port, options }));
  const sshd = await launch(config, join(own, 'log'), address, port);
  return {
    name,
    address,
    port,
    user,
    home,
    publicKey: (await readFile(join(own, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' '),
    log: () => readFile(join(own, 'log'), 'utf8'),
    dropSessions: async () => (await descendants(sshd.pid, 'sshd')).forEach(kill),
    stop: async () => {
      await sshd.stop();
      await account.remove();
      if (options.smallDiskKiB !== undefined) await run('umount', [join(home, 'small')]);
    },
  };
}

async function fillHome(home: string, account: TestAccount, options: SshdHostOptions): Promise<void> {
  await chmod(home, 0o700);
  for (const [file, text] of Object.entries(options.loginFiles ?? {})) {
    await mkdir(join(home, file, '..'), { recursive: true });
    await writeFile(join(home, file), text);
  }
  if (options.smallDiskKiB !== undefined) {
    await mkdir(join(home, 'small'));
    const size = `size=${options.smallDiskKiB}k,mode=700`;
    await run('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', join(home, 'small')]);
  }
  await run('chown', ['-R', account.name, home]);
}

interface ConfigParts {
  readonly own: string;
  readonly authorized: string;
  readonly user: string;
  readonly address: string;
  readonly port: number;
  readonly options: SshdHostOptions;
}

function sshdConfig({ own, authorized, user, address, port, options }: ConfigParts): string {
  return [
    ...(options.config ?? []),
    `ListenAddress ${address}`,
    `Port ${port}`,
    `HostKey ${join(own, 'host_key')}`,
    `AuthorizedKeysFile ${authorized}`,
    `AllowUsers ${user}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    ...(options.noSftp ? [] : ['Subsystem sftp internal-sftp']),
    '',
  ].join('\n');
}

async function launch(config: string, logFile: string, address: string, port: number) {
  const log = await open(logFile, 'w');
  const child = spawn(SSHD, ['-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', log.fd],
    detached: true,
  });
  await log.close();
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${SSHD}`);
  await waitFor(() => child.exitCode !== null || answers(address, port), {
    what: `sshd on ${address}:${port}`,
  });
  if (child.exitCode !== null) throw new Error(`sshd ended: ${await readFile(logFile, 'utf8')}`);
  const stop = async () => {
    const exited = once(child, 'exit');
    const sessions = await descendants(pid, 'sshd');
    child.kill('SIGKILL');
    sessions.forEach(kill);
    if (child.exitCode === null && child.signalCode === null) await exited;
  };
  return { pid, stop };
}

/** The processes below `pid` that run a program of that name. */
async function descendants(pid: number, program: string): Promise<number[]> {
  const children: number[] = [];
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, comm, ppid] = /\((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (comm === program && Number(ppid) === pid) children.push(Number(entry));
  }
  const below = await Promise.all(children.map((child) => descendants(child, program)));
  return [...children, ...below.flat()];
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket
      .once('data', () => resolve(true))
      .once('error', () => resolve(false))
      .once('close', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
}

async function generateKey(file: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'gpool-test', '-f', file]);
}

async function writeClientFiles(directory: string, identity: string, hosts: readonly StartedHost[]) {
  const sshConfig = join(directory, 'ssh_config');
  const knownHosts = join(directory, 'known_hosts');
  const known = hosts.map(({ address, port, publicKey }) => `[${address}]:${port} ${publicKey}\n`);
  await writeFile(knownHosts, known.join(''));
  const sections = hosts.map(({ name, ...server }) => sshSection(name, { ...server, identity, knownHosts }));
  await writeFile(sshConfig, sections.join('\n'));
  return { sshConfig, knownHosts };
}
