import { readFile, writeFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { startTcpProxy } from './tcp-proxy.js';

/** One embedded host whose link can be cut and mended. */
export interface ReachableHost {
  readonly sshConfig: string;
  /** Cuts the connections, and every new one at once. */
  cut(): void;
  mend(): void;
}

/** Starts the host `lab01` behind a proxy. */
export async function startReachableHost(t: ExecutionContext): Promise<ReachableHost> {
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  t.teardown(() => pool.close());
  const port = pool.hosts[0]?.port ?? 0;
  const proxy = await startTcpProxy({ address: '127.0.0.1', port });
  t.teardown(() => proxy.close());
  const config = await readFile(pool.sshConfig, 'utf8');
  await writeFile(pool.sshConfig, config.replace(`Port ${port}`, `Port ${proxy.port}`));
  return {
    sshConfig: pool.sshConfig,
    cut: () => {
      proxy.setMode({ kind: 'close-after', bytes: 0 });
      proxy.reset();
    },
    mend: () => proxy.setMode({ kind: 'pass' }),
  };
}
