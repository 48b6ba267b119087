import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.js';
import { createAccount } from '../../helpers/test-account.js';
import type { HostWitness } from './evidence.js';
import { Firewall } from './firewall.js';
import { Machine } from './machine.js';

const run = promisify(execFile);

export interface LabOptions {
  /** How many machines. @default 8 */
  readonly machines?: number;
  /** Puts a proxy before each. @default false */
  readonly proxied?: boolean;
  /** Makes every disk so small. */
  readonly diskKiB?: number;
  /** More lines of each machine's sshd_config. */
  readonly config?: readonly string[];
  /** Lines of ssh_config for every host. @default what notices a dead link within 4 s */
  readonly ssh?: readonly string[];
}

/** A pool of machines, the packet filter before them, and what a client needs to log in. */
export interface Lab {
  readonly machines: readonly Machine[];
  /** Empty unless asked for; in the order of the machines. */
  readonly proxies: readonly TcpProxy[];
  readonly firewall: Firewall;
  readonly sshConfig: string;
  /** A new empty directory each time, gone with the lab. */
  directory(name: string): Promise<string>;
  witnesses(): Promise<HostWitness[]>;
  close(): Promise<void>;
}

/** Builds the machines and switches them on. Needs root; call it in an `sshdTest` and close it in its teardown. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { machines: count = 8, proxied = false, ssh = QUICK_TO_NOTICE } = options;
  const directory = await mkdtemp(join(tmpdir(), 'gpool-lab-'));
  await chmod(directory, 0o711);
  await mkdir('/run/sshd', { recursive: true });
  const identity = join(directory, 'identity');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
  await chmod(`${identity}.pub`, 0o644);
  const user = `gpool-test-${randomBytes(4).toString('hex')}`;
  const home = join(directory, 'home');
  const account = await createAccount(user, home, '/bin/bash');
  const firewall = new Firewall();
  await firewall.open();
  const machines: Machine[] = [];
  const proxies: TcpProxy[] = [];
  const close = async () => {
    await firewall.close();
    for (const proxy of proxies) await proxy.close();
    for (const machine of machines) await machine.close();
    await account.remove();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (let at = 0; at < count; at++) {
      const address = `127.0.0.${101 + at}`;
      const machine = new Machine({
        name: `m${at + 1}`,
        address,
        port: await freePort(address),
        user,
        home,
        authorizedKeys: `${identity}.pub`,
        directory: join(directory, `m${at + 1}`),
        config: options.config ?? [],
        ...(options.diskKiB !== undefined && { diskKiB: options.diskKiB }),
      });
      machines.push(machine);
      await machine.build();
      if (proxied) proxies.push(await startTcpProxy(machine));
    }
    await Promise.all(machines.map((machine) => machine.boot()));
    const sshConfig = await writeClientFiles({ directory, identity, user, machines, proxies, ssh });
    return { machines, proxies, firewall, sshConfig, directory: makeIn(directory), witnesses, close };
  } catch (error) {
    await close();
    throw error;
  }
  function witnesses(): Promise<HostWitness[]> {
    return Promise.all(
      machines.map(async (machine) => ({
        host: machine.name,
        bootId: machine.bootId,
        lines: await machine.witness(),
      })),
    );
  }
}

function makeIn(directory: string): (name: string) => Promise<string> {
  return (name) => mkdtemp(join(directory, `${name}-`));
}

interface ClientParts {
  readonly directory: string;
  readonly identity: string;
  readonly user: string;
  readonly machines: readonly Machine[];
  readonly proxies: readonly TcpProxy[];
  readonly ssh: readonly string[];
}

async function writeClientFiles(parts: ClientParts): Promise<string> {
  const { directory, identity, user, machines, proxies, ssh } = parts;
  const knownHosts = join(directory, 'known_hosts');
  const sections: string[] = [];
  const known: string[] = [];
  for (const [at, machine] of machines.entries()) {
    const proxy = proxies[at];
    const { address, port } = proxy ? { address: '127.0.0.1', port: proxy.port } : machine;
    known.push(`[${address}]:${port} ${await machine.publicKey()}\n`);
    const lines = [
      `HostName ${address}`,
      `Port ${port}`,
      `User ${user}`,
      `IdentityFile ${identity}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${knownHosts}`,
      'GlobalKnownHostsFile none',
      ...ssh,
    ];
    sections.push(`Host ${machine.name}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
  await writeFile(knownHosts, known.join(''));
  const sshConfig = join(directory, 'ssh_config');
  await writeFile(sshConfig, sections.join('\n'));
  return sshConfig;
}

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** A user's own settings, only shorter: silence is noticed after 1 s × (3 + 1). */
export const QUICK_TO_NOTICE = ['ServerAliveInterval 1', 'ServerAliveCountMax 3', 'ConnectTimeout 5'];
