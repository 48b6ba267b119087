import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { GpoolError } from '../../../../src/errors.js';
import type { Shell } from '../../../../src/network/shell/shell.js';
import type { SshOptions } from '../../../../src/network/shell/ssh-options.js';
import { createSsh2Shell } from '../../../../src/network/shell/ssh2/ssh2-shell.js';
import type { EmbeddedHostOptions } from '../../../../src/testing/embedded-host-options.js';
import { type EmbeddedPool, startEmbeddedHosts } from '../../../../src/testing/embedded-hosts.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** One embedded host and what a test changes about how it is reached. */
export interface TestHost {
  readonly pool: EmbeddedPool;
  readonly host: EmbeddedPool['hosts'][number];
  /** A directory for the test's own files. */
  readonly directory: string;
  /** A shell for it; `config` replaces the pool's ssh_config but for host name, port and user. */
  shell(options?: SshOptions & { readonly config?: string }): Promise<Shell>;
}

export async function startTestHost(
  t: ExecutionContext,
  options: EmbeddedHostOptions = {},
): Promise<TestHost> {
  const pool = await startEmbeddedHosts({ count: 1, ...options });
  t.teardown(() => pool.close());
  const directory = await tempDir(t);
  const [host] = pool.hosts;
  if (host === undefined) throw new Error('no host');
  const shell: TestHost['shell'] = async ({ config, ...rest } = {}) => {
    const made = createSsh2Shell(
      { kind: 'ssh', address: 'host1' },
      {
        configFile: config === undefined ? pool.sshConfig : await configFor(directory, host.port, config),
        ...rest,
      },
    );
    t.teardown(() => made.close());
    return made;
  };
  return { pool, host, directory, shell };
}

async function configFor(directory: string, port: number, config: string): Promise<string> {
  const path = join(directory, `config-${Math.random()}`);
  await writeFile(
    path,
    `Host host1\n  HostName 127.0.0.1\n  Port ${port}\n${config.trim()}\n  GlobalKnownHostsFile none\n`,
  );
  return path;
}

/** The code and message of what a promise rejects with. */
export async function faultOf(t: ExecutionContext, promise: Promise<unknown>): Promise<GpoolError> {
  const error = await promise.then(
    () => t.fail('expected an error'),
    (error: unknown) => error,
  );
  if (!(error instanceof GpoolError)) throw error;
  return error;
}

export async function fileText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
