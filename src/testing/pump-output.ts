import type { Readable, Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/**
 * Sends a command's two outputs over its channel, with back pressure; resolves when both are at their end and sent. One
 * write at a time, each followed by a clean-up: ssh2 1.17 keeps a chunk that once waited for the channel's window, and
 * sends it again when the other stream has to wait.
 */
export async function pumpOutput(channel: ServerChannel, stdout: Readable, stderr: Readable): Promise<void> {
  let last = Promise.resolve();
  const pump = async (source: Readable, sink: Writable) => {
    for await (const chunk of source) {
      last = last.then(() => write(channel, sink, chunk));
      await last;
    }
  };
  await Promise.all([pump(stdout, channel), pump(stderr, channel.stderr)]);
}

async function write(channel: ServerChannel, sink: Writable, chunk: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    sink.write(chunk, (error) => (error ? reject(error) : resolve())),
  );
  Object.assign(channel, {
    _chunk: undefined,
    _chunkcb: undefined,
    _chunkErr: undefined,
    _chunkcbErr: undefined,
  });
}
