import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Prompt } from '../ssh-options.js';

/** Answers the questions of an `ssh` through a Prompt. */
export interface AskpassServer {
  /** What `ssh` must find in its environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/**
 * Serves questions on a socket in `directory`, which must be private. `onAsk` is told when a person is being asked and
 * when they have answered, so that no deadline runs meanwhile.
 */
export async function startAskpass(
  directory: string,
  prompt: Prompt,
  onAsk: (asking: boolean) => void,
): Promise<AskpassServer> {
  const path = join(directory, 'a');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    onAsk(true);
    answer(socket, prompt)
      .finally(() => onAsk(false))
      .catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  const program = join(directory, 'askpass');
  await writeFile(program, '#!/bin/sh\nexec "$GPOOL_NODE" "$GPOOL_ASKPASS" "$@"\n', { mode: 0o700 });
  const env = {
    SSH_ASKPASS: program,
    SSH_ASKPASS_REQUIRE: 'force',
    // OpenSSH before 8.4 asks this way only when it sees a display.
    DISPLAY: process.env.DISPLAY ?? ':0',
    GPOOL_NODE: process.execPath,
    GPOOL_ASKPASS: fileURLToPath(new URL('./askpass.js', import.meta.url)),
    GPOOL_ASKPASS_SOCKET: path,
  };
  return { env, close: () => void server.close() };
}

/** A refusal is an empty answer, and `ssh` goes on to its next way to log in. */
async function answer(socket: Socket, prompt: Prompt): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const secret = await prompt({ text, echo: false }).catch(() => undefined);
  socket.end(secret === undefined ? '' : `+${secret}`);
}
