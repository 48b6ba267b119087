import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../test/helpers/free-port.js';
import { waitFor } from '../test/helpers/wait-for.js';

const execute = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

/** Several addresses of one private sshd, each a host of its own to a client. */
export interface BenchHosts {
  /** h1, h2, …; aliases of `sshConfig`. */
  readonly names: readonly string[];
  readonly sshConfig: string;
  /** The same hosts over shared OpenSSH connections (ControlMaster). */
  readonly masterConfig: string;
  readonly port: number;
  /** Where host h1 listens. */
  readonly address: string;
  /** Names another way to the same sshd, through a proxy. */
  addAlias(name: string, address: string, port: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a private sshd as the current user, for that user, on 127.0.0.21 and up. `home` is the home of its sessions. */
export async function startBenchHosts(directory: string, home: string, count: number): Promise<BenchHosts> {
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `h${index + 1}`);
  const addresses = names.map((_, index) => `127.0.0.${21 + index}`);
  const address = addresses[0] ?? '127.0.0.1';
  const port = await freePort(address);
  const identity = join(directory, 'identity');
  for (const key of [identity, join(directory, 'host_key')]) await generateKey(key);
  const config = join(directory, 'sshd_config');
  await writeFile(config, sshdConfig(directory, addresses, port, home));
  const sshd = spawn(SSHD, ['-D', '-E', join(directory, 'sshd.log'), '-f', config], { stdio: 'ignore' });
  await waitFor(() => sshd.exitCode !== null || answers(address, port), { what: 'sshd' });
  if (sshd.exitCode !== null) throw new Error(await readFile(join(directory, 'sshd.log'), 'utf8'));
  const client = await openClientFiles(directory, identity);
  for (const [index, name] of names.entries()) await client.addAlias(name, addresses[index] ?? address, port);
  const close = async () => {
    for (const name of names)
      await execute('ssh', ['-F', client.masterConfig, '-O', 'exit', name]).catch(() => {});
    sshd.kill();
    if (sshd.exitCode === null) await once(sshd, 'exit');
  };
  return { names, port, address, ...client, close };
}

function sshdConfig(directory: string, addresses: readonly string[], port: number, home: string): string {
  return [
    ...addresses.map((address) => `ListenAddress ${address}`),
    `Port ${port}`,
    `HostKey ${join(directory, 'host_key')}`,
    `AuthorizedKeysFile ${join(directory, 'identity.pub')}`,
    `SetEnv HOME=${home}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'MaxSessions 200',
    'MaxStartups 1000',
    'PrintMotd no',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');
}

async function openClientFiles(directory: string, identity: string) {
  const [sshConfig, masterConfig, knownHosts] = ['ssh_config', 'master_config', 'known_hosts'].map((file) =>
    join(directory, file),
  ) as [string, string, string];
  const [type, key] = (await readFile(join(directory, 'host_key.pub'), 'utf8')).split(' ');
  const common = [
    `User ${userInfo().username}`,
    `IdentityFile ${identity}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${knownHosts}`,
    'GlobalKnownHostsFile none',
    '',
  ].join('\n');
  const master = `ControlMaster auto\nControlPersist 60\nControlPath ${join(directory, 'cm-%n')}\n`;
  await writeFile(sshConfig, common);
  await writeFile(masterConfig, `${master}${common}`);
  await writeFile(knownHosts, '');
  const addAlias = async (name: string, address: string, port: number) => {
    await appendFile(knownHosts, `[${address}]:${port} ${type} ${key}\n`);
    const section = `Host ${name}\n  HostName ${address}\n  Port ${port}\n`;
    for (const file of [sshConfig, masterConfig]) await appendFile(file, section);
  };
  return { sshConfig, masterConfig, addAlias };
}

async function generateKey(file: string): Promise<void> {
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'gpool-bench', '-f', file]);
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address).once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
