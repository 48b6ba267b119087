import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kill } from '../../helpers/test-account.js';
import { waitFor } from '../../helpers/wait-for.js';
import { type NamespaceProcess, processesIn } from './namespace-processes.js';

const run = promisify(execFile);

export interface MachineOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The one account, the same on every machine, and its home; each machine has its own disk there. */
  readonly user: string;
  readonly home: string;
  readonly authorizedKeys: string;
  /** What belongs to this machine alone; must not exist. */
  readonly directory: string;
  /** Makes the disk so small. @default as large as the directory's */
  readonly diskKiB?: number;
  /** What it sees as the home belongs to another machine. @default a disk of its own */
  readonly disk?: string;
  /** More lines of sshd_config. */
  readonly config?: readonly string[];
}

/**
 * A machine that can lose its power: PID, mount, UTS and IPC namespaces with an sshd, a boot id and a disk of their own. Its
 * network is that of this machine. Needs root.
 */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** What the machine sees as the account's home; outlives its boots. */
  readonly disk: string;
  readonly #options: MachineOptions;
  #outer: ChildProcess | null = null;
  #bootId = '';

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.address = options.address;
    this.port = options.port;
    this.disk = options.disk ?? join(options.directory, 'disk');
    this.#options = options;
  }

  get bootId(): string {
    return this.#bootId;
  }

  get isUp(): boolean {
    return this.#outer !== null;
  }

  /** Prepares disk and keys. The machine is off still. */
  async build(): Promise<void> {
    const { directory, user, diskKiB } = this.#options;
    await mkdir(directory, { recursive: true });
    await mkdir(this.disk, { mode: 0o700, recursive: true });
    if (diskKiB !== undefined)
      await run('mount', ['-t', 'tmpfs', '-o', `size=${diskKiB}k,mode=700`, 'gpool-faults', this.disk]);
    await run('chown', [user, this.disk]);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.#file('host_key')]);
    await writeFile(this.#file('sshd_config'), this.#sshdConfig());
    await writeFile(this.#file('init'), INIT);
  }

  /** Switches the machine on, with a new boot id, and waits until its sshd answers. */
  async boot(): Promise<void> {
    if (this.#outer) return;
    this.#bootId = randomUUID();
    await writeFile(this.#file('boot_id'), `${this.#bootId}\n`);
    const { home, directory } = this.#options;
    const namespaces = ['--pid', '--mount', '--uts', '--ipc', '--fork', '--mount-proc', '--kill-child'];
    const init = ['bash', this.#file('init'), directory, home, this.name, this.disk];
    this.#outer = spawn('unshare', [...namespaces, ...init], { stdio: 'ignore', detached: true });
    await this.#answers();
  }

  /** Everything on it ends at once; what its processes had written stays on the disk. */
  async powerCut(): Promise<void> {
    const outer = this.#outer;
    if (!outer) return;
    this.#outer = null;
    const gone = once(outer, 'exit');
    outer.kill('SIGKILL');
    await gone;
  }

  /** Ends sshd with all its sessions, and lets none begin until `startSshd`. Jobs and agents go on. */
  async stopSshd(): Promise<void> {
    await writeFile(this.#file('sshd-off'), '');
    for (const { pid, comm } of await this.processes()) if (comm === 'sshd') kill(pid);
  }

  async startSshd(): Promise<void> {
    await rm(this.#file('sshd-off'), { force: true });
    await this.#answers();
  }

  /** Takes the account's home away, as when a server of files is gone. What has something open there goes on. */
  async unmountHome(): Promise<void> {
    await this.#inside('umount', '-l', this.#options.home);
  }

  async mountHome(): Promise<void> {
    await this.#inside('mount', '--bind', this.disk, this.#options.home);
  }

  /** Mounts a directory of the disk at another place of it, as a job with sshfs would. */
  async bind(from: string, to: string): Promise<void> {
    const { home } = this.#options;
    await this.#inside('mount', '--bind', join(home, from), join(home, to));
  }

  /** Stops every process on it, as a machine that swaps itself to death would. */
  freeze(): Promise<void> {
    return this.#signal('SIGSTOP');
  }

  thaw(): Promise<void> {
    return this.#signal('SIGCONT');
  }

  /** What runs on it, its init and its sshd included. */
  async processes(): Promise<readonly NamespaceProcess[]> {
    const { pid } = this.#outer ?? {};
    return pid === undefined ? [] : processesIn(pid);
  }

  /** The lines that jobs left, in their order. */
  async witness(): Promise<readonly string[]> {
    const text = await readFile(join(this.disk, 'witness'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  /** Resolves when the next job has begun or ended on it. */
  async atWork(): Promise<void> {
    const before = (await this.witness()).length;
    const what = `a job on ${this.name}`;
    await waitFor(async () => (await this.witness()).length > before, { limitMs: 60_000, what });
  }

  async publicKey(): Promise<string> {
    const text = await readFile(this.#file('host_key.pub'), 'utf8');
    return text.split(' ').slice(0, 2).join(' ');
  }

  log(): Promise<string> {
    return readFile(this.#file('log'), 'utf8').catch(() => '');
  }

  async close(): Promise<void> {
    await this.powerCut();
    if (this.#options.diskKiB !== undefined) await run('umount', ['-l', this.disk]);
  }

  async #inside(...command: readonly string[]): Promise<void> {
    const init = Math.min(...(await this.processes()).map(({ pid }) => pid));
    await run('nsenter', ['--target', String(init), '--mount', '--pid', ...command]);
  }

  /** Two rounds: a process that is being born in the first one is there in the second. */
  async #signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    for (const _round of [1, 2]) {
      for (const { pid } of await this.processes()) {
        try {
          process.kill(pid, signal);
        } catch {
          // it ended
        }
      }
    }
  }

  async #answers(): Promise<void> {
    const what = `sshd of ${this.name} on ${this.address}:${this.port}`;
    await waitFor(() => greets(this.address, this.port), { limitMs: 60_000, what }).catch(async (error) => {
      await appendFile(this.#file('log'), `${String(error)}\n`);
      throw new Error(`${what} does not answer: ${await this.log()}`);
    });
  }

  #file(name: string): string {
    return join(this.#options.directory, name);
  }

  #sshdConfig(): string {
    const { address, port, authorizedKeys, user, config = [] } = this.#options;
    return [
      ...config,
      `ListenAddress ${address}`,
      `Port ${port}`,
      `HostKey ${this.#file('host_key')}`,
      `AuthorizedKeysFile ${authorizedKeys}`,
      `AllowUsers ${user}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PrintMotd no',
      'UseDNS no',
      'MaxStartups 100:30:200',
      'SetEnv GJOB_IDLE=2',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n');
  }
}

/** Whether a server there says who it is within two seconds. */
function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const answer = (good: boolean) => {
      resolve(good);
      socket.destroy();
    };
    socket
      .setTimeout(2_000, () => answer(false))
      .once('data', () => answer(true))
      .once('error', () => answer(false))
      .once('close', () => resolve(false));
  });
}

/** Process 1 of a machine: bash waits for whatever is orphaned. Its arguments: directory, home, name, disk. */
const INIT = `
mount --bind "$4" "$2"
mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id
hostname "$3"
umask 022
while :; do
  while [[ -e $1/sshd-off ]]; do sleep 0.1; done
  /usr/sbin/sshd -D -e -f "$1/sshd_config" 2>>"$1/log"
  sleep 0.1
done
`;
