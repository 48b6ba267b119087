import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { GpoolError } from '../../../src/errors.js';
import type { Shell } from '../../../src/network/shell/shell.js';
import type { SshOptions } from '../../../src/network/shell/ssh-options.js';
import { type Random, seededRandom } from '../../../src/random.js';
import type { SshDestination } from '../../../src/spec/host.js';
import { pickSeed } from '../../helpers/seed.js';
import { type ProxyMode, startTcpProxy } from '../../helpers/tcp-proxy.js';
import { tempDir } from '../../helpers/temp-dir.js';

/** A host whose files are moved while the link is bad. */
export interface TransferTarget {
  readonly address: string;
  readonly port: number;
  readonly user?: string;
  /** The login directory, as this machine sees it. */
  readonly home: string;
  readonly identity: string;
}

type CreateShell = (destination: SshDestination, options: SshOptions) => Shell;

/**
 * Moves files of random sizes up and down, each over a link with one random fault. Each copy is either reported as
 * failed or identical, and no failed fetch leaves a file. Prints its seed.
 */
export async function tryFaultyTransfers(
  t: ExecutionContext,
  create: CreateShell,
  target: TransferTarget,
  rounds: number,
): Promise<void> {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const here = await tempDir(t);
  const proxy = await startTcpProxy(target);
  t.teardown(() => proxy.close());
  const configFile = await writeConfig(here, target, proxy.port);
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.alloc(Math.floor(random() ** 3 * 4_000_000), `${seed} ${round} `);
    await writeFile(join(here, 'out'), bytes);
    proxy.setMode({ kind: 'pass' });
    const shell = create({ kind: 'ssh', address: 'target' }, { configFile });
    await shell.open();
    proxy.setMode(randomFault(random, bytes.length));
    const outcomes = [
      await attempt(
        shell.putFile(join(here, 'out'), `up${round}`, { stallMs: 3000 }),
        join(target.home, `up${round}`),
      ),
      await attempt(
        fetchBack(shell, join(target.home, `up${round}`), bytes, join(here, `down${round}`)),
        join(here, `down${round}`),
      ),
    ];
    for (const { error, digest } of outcomes) {
      if (error === undefined) t.is(digest, sha256(bytes), `round ${round}`);
      else t.true(error instanceof GpoolError, `round ${round}: ${error}`);
    }
    if (outcomes[1]?.error !== undefined) await t.throwsAsync(access(join(here, `down${round}`)));
    failed += outcomes.filter(({ error }) => error !== undefined).length;
    await shell.close();
  }
  t.log(`${failed} of ${rounds * 2} copies failed and said so`);
}

async function fetchBack(shell: Shell, remote: string, bytes: Buffer, local: string): Promise<void> {
  await writeFile(remote, bytes, { mode: 0o644 });
  await shell.getFile(remote, local, bytes.length, { stallMs: 3000 });
}

async function attempt(copy: Promise<void>, file: string): Promise<{ error?: unknown; digest?: string }> {
  try {
    await copy;
    return { digest: sha256(await readFile(file)) };
  } catch (error) {
    return { error };
  }
}

function randomFault(random: Random, size: number): ProxyMode {
  const kind = Math.floor(random() * 5);
  const somewhere = Math.floor(random() * (size * 2 + 40_000));
  if (kind === 0) return { kind: 'pass' };
  if (kind === 1) return { kind: 'delay', ms: 5 + Math.floor(random() * 20) };
  if (kind === 2) return { kind: 'flip-bit', offset: somewhere };
  if (kind === 3 && random() < 0.3) return { kind: 'blackhole' };
  return { kind: 'close-after', bytes: somewhere };
}

async function writeConfig(here: string, target: TransferTarget, port: number): Promise<string> {
  const path = join(here, 'ssh_config');
  const lines = [
    'Host target',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    ...(target.user === undefined ? [] : [`  User ${target.user}`]),
    `  IdentityFile ${target.identity}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${join(here, 'known_hosts')}`,
    '  GlobalKnownHostsFile none',
    '',
  ];
  await writeFile(path, lines.join('\n'), { mode: 0o600 });
  return path;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
