import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What a proxy does to the traffic of the connections that are open, and of later ones. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Each chunk arrives so much later, in each direction. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Half-open: connections stay, nothing gets through, an end is not answered. */
  | { readonly kind: 'blackhole' }
  /** Connections are cut with a reset after so many bytes in both directions together. */
  | { readonly kind: 'close-after'; readonly bytes: number }
  /** One bit is wrong in the byte at this offset of what the server sends. */
  | { readonly kind: 'flip-bit'; readonly offset: number };

export interface ProxyTarget {
  readonly address: string;
  readonly port: number;
}

export interface TcpProxy {
  readonly port: number;
  setMode(mode: ProxyMode): void;
  /** Cuts every open connection with a reset, now. */
  reset(): void;
  /** Leads later connections to another server, as a name with several machines behind it does. */
  leadTo(target: ProxyTarget): void;
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that stands between a client and a server and treats their traffic badly. */
export async function startTcpProxy(
  server: ProxyTarget,
  first: ProxyMode = { kind: 'pass' },
): Promise<TcpProxy> {
  let mode = first;
  let target = server;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const host = connect({ host: target.address, port: target.port, allowHalfOpen: true });
    keep(client);
    keep(host);
    const counter = { bytes: 0 };
    relay(client, host, 'up', () => mode, counter);
    relay(host, client, 'down', () => mode, counter);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    setMode: (next) => {
      mode = next;
    },
    reset,
    leadTo: (next) => {
      target = next;
    },
    close: async () => {
      listener.close();
      reset();
      if (listener.listening) await once(listener, 'close');
    },
  };
}

function relay(
  from: Socket,
  to: Socket,
  direction: 'up' | 'down',
  mode: () => ProxyMode,
  counter: { bytes: number },
): void {
  let seen = 0;
  let last: Promise<unknown> = Promise.resolve();
  const later = (act: () => void) => {
    const now = mode();
    last = now.kind === 'delay' ? Promise.all([last, pause(now.ms)]).then(act) : last.then(act);
  };
  from.on('data', (chunk: Buffer) => {
    const now = mode();
    if (now.kind === 'blackhole') return;
    if (now.kind === 'flip-bit' && direction === 'down') flip(chunk, now.offset - seen);
    seen += chunk.length;
    counter.bytes += chunk.length;
    if (now.kind === 'close-after' && counter.bytes >= now.bytes) {
      from.resetAndDestroy();
      to.resetAndDestroy();
      return;
    }
    later(() => {
      if (!to.write(chunk)) from.pause();
    });
  });
  to.on('drain', () => from.resume());
  from.once('end', () => mode().kind !== 'blackhole' && later(() => to.end()));
  from.once('close', (broken) => broken && mode().kind !== 'blackhole' && to.resetAndDestroy());
}

function flip(chunk: Buffer, at: number): void {
  const byte = chunk[at];
  if (byte !== undefined) chunk[at] = byte ^ 1;
}
