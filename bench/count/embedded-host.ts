// A program of its own, so that its forks can be counted: one SSH host, until stdin ends. Prints how to reach it, as JSON.
import { once } from 'node:events';
import { startEmbeddedHosts } from '../../src/testing/embedded-hosts.js';

/** What the program prints. */
export interface HostAddress {
  readonly port: number;
  readonly publicKey: string;
  readonly identity: string;
}

const pool = await startEmbeddedHosts();
const [host] = pool.hosts;
if (!host) throw new Error('no host was started');
const address: HostAddress = { port: host.port, publicKey: host.publicKey, identity: pool.identity };
process.stdout.write(`${JSON.stringify(address)}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
await pool.close();
