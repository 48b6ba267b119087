import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Question, Reply } from './control-protocol.js';

/** The lines that come, without their ends; null for one that is longer than `most` bytes: nothing is read after it. */
export async function* readSocketLines(socket: Socket, most: number): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    let rest: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield Buffer.concat([...parts, rest.subarray(0, end)]).toString();
      [parts, bytes, rest] = [[], 0, rest.subarray(end + 1)];
    }
    parts.push(rest);
    bytes += rest.length;
    if (bytes > most) yield null;
    if (bytes > most) return;
  }
}

/** Resolves once there is room for more, or nobody to read it. */
export async function sendLine(socket: Socket, message: Question | Reply): Promise<void> {
  if (socket.destroyed || !socket.writable) return;
  if (socket.write(`${JSON.stringify(message)}\n`)) return;
  await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
}

const NEWLINE = 0x0a;
