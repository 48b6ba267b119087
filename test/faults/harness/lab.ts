import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../helpers/free-port.js';
import { sshSection } from '../../helpers/ssh-section.js';
import { type ProxyTarget, startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.js';
import { createAccount, type TestAccount } from '../../helpers/test-account.js';
import type { HostWitness } from './evidence.js';
import { Firewall } from './firewall.js';
import { Machine, type MachineOptions } from './machine.js';

const run = promisify(execFile);

export interface LabOptions {
  /** How many machines. @default 8 */
  readonly machines?: number;
  /** Puts a proxy before each. @default false */
  readonly proxied?: boolean;
  /** One home for all of them, and one name, `login`, that leads to the first of them until `balancer` says otherwise. @default false */
  readonly oneHome?: boolean;
  /** Makes every disk so small. */
  readonly diskKiB?: number;
  /** More lines of each machine's sshd_config. */
  readonly config?: readonly string[];
  /** Lines of ssh_config for every host. @default what notices a dead link within 4 s */
  readonly ssh?: readonly string[];
}

/** A pool of machines, the packet filter before them, and what a client needs to log in. */
export class Lab {
  readonly machines: Machine[] = [];
  /** Empty unless asked for; in the order of the machines. */
  readonly proxies: TcpProxy[] = [];
  /** What stands behind the name of machines with one home. */
  balancer: TcpProxy | null = null;
  readonly firewall = new Firewall();
  readonly sshConfig: string;
  readonly #directory: string;
  #account: TestAccount | null = null;

  constructor(directory: string) {
    this.#directory = directory;
    this.sshConfig = join(directory, 'ssh_config');
  }

  /** Builds the machines and switches them on. */
  async open(options: LabOptions): Promise<void> {
    await chmod(this.#directory, 0o711);
    await mkdir('/run/sshd', { recursive: true });
    await this.firewall.open();
    const identity = join(this.#directory, 'identity');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
    await chmod(`${identity}.pub`, 0o644);
    const user = `gpool-test-${randomBytes(4).toString('hex')}`;
    const home = join(this.#directory, 'home');
    this.#account = await createAccount(user, home, '/bin/bash');
    const { machines = 8, proxied = false, oneHome = false, ssh = QUICK_TO_NOTICE } = options;
    const disk = oneHome ? { disk: join(this.#directory, 'disk') } : {};
    const common = { user, home, authorizedKeys: `${identity}.pub`, ...options, ...disk };
    for (let n = 1; n <= machines; n++) await this.#addMachine(n, common, proxied);
    await Promise.all(this.machines.map((machine) => machine.boot()));
    const [first] = this.machines;
    if (oneHome && first) this.balancer = await startTcpProxy(first);
    await writeClientFiles(this, { directory: this.#directory, identity, user, ssh });
  }

  /** A new empty directory each time, gone with the lab. */
  directory(name: string): Promise<string> {
    return mkdtemp(join(this.#directory, `${name}-`));
  }

  witnesses(): Promise<HostWitness[]> {
    const witnesses = this.machines.map(async (machine) => {
      const { name, bootId } = machine;
      return { host: name, bootId, lines: await machine.witness() };
    });
    return Promise.all(witnesses);
  }

  async close(): Promise<void> {
    await this.firewall.close();
    for (const proxy of [...this.proxies, this.balancer]) await proxy?.close();
    for (const machine of this.machines) await machine.close();
    await this.#account?.remove();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #addMachine(n: number, common: Common, proxied: boolean): Promise<void> {
    const address = `127.0.0.${100 + n}`;
    const name = `m${n}`;
    const directory = join(this.#directory, name);
    const machine = new Machine({ ...common, name, address, port: await freePort(address), directory });
    this.machines.push(machine);
    await machine.build();
    if (proxied) this.proxies.push(await startTcpProxy(machine));
  }
}

type Common = Pick<MachineOptions, 'user' | 'home' | 'authorizedKeys' | 'diskKiB' | 'disk' | 'config'>;

/** A lab that is switched on. Needs root; call it in an `sshdTest` and close it in its teardown. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const lab = new Lab(await mkdtemp(join(tmpdir(), 'gpool-lab-')));
  try {
    await lab.open(options);
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

interface ClientParts {
  readonly directory: string;
  readonly identity: string;
  readonly user: string;
  readonly ssh: readonly string[];
}

async function writeClientFiles(
  { machines, proxies, balancer, sshConfig }: Lab,
  parts: ClientParts,
): Promise<void> {
  const knownHosts = join(parts.directory, 'known_hosts');
  const sections: string[] = [];
  const known: string[] = [];
  const add = async (name: string, { address, port }: ProxyTarget, behind: readonly Machine[]) => {
    for (const machine of behind) known.push(`[${address}]:${port} ${await machine.publicKey()}\n`);
    sections.push(sshSection(name, { ...parts, address, port, knownHosts, more: parts.ssh }));
  };
  for (const [at, machine] of machines.entries())
    await add(machine.name, atHome(proxies[at]) ?? machine, [machine]);
  const shared = atHome(balancer);
  if (shared) await add('login', shared, machines);
  await writeFile(knownHosts, known.join(''));
  await writeFile(sshConfig, sections.join('\n'));
}

function atHome(proxy: TcpProxy | null | undefined): ProxyTarget | null {
  return proxy ? { address: '127.0.0.1', port: proxy.port } : null;
}

/** A user's own settings, only shorter: silence is noticed after 1 s × (3 + 1). */
export const QUICK_TO_NOTICE = ['ServerAliveInterval 1', 'ServerAliveCountMax 3', 'ConnectTimeout 5'];
