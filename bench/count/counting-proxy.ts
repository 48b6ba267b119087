import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CountingProxy {
  readonly port: number;
  /** Bytes to the host and from it. */
  readonly bytes: { up: number; down: number };
  close(): Promise<void>;
}

/** Stands between client and host, on 127.0.0.1, and counts what passes. */
export async function startCountingProxy(target: number, address = '127.0.0.1'): Promise<CountingProxy> {
  const bytes = { up: 0, down: 0 };
  const server = createServer((client) => {
    const host = connect(target, address);
    relay(client, host, (count) => {
      bytes.up += count;
    });
    relay(host, client, (count) => {
      bytes.down += count;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const close = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port, bytes, close };
}

function relay(from: Socket, to: Socket, count: (bytes: number) => void): void {
  from.setNoDelay(true).on('data', (chunk: Buffer) => count(chunk.length));
  from.pipe(to);
  from.once('error', () => to.destroy()).once('close', () => to.end());
}
