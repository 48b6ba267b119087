import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';

const PATIENCE_MS = 20_000;

/** The daemons of a peer. */
export class Daemons {
  readonly #log: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #stops: (() => Promise<void>)[] = [];

  /** `log`: a file for what they say, `env`: what is added to their environment. */
  constructor(log: string, env: Readonly<Record<string, string>>) {
    this.#log = log;
    this.#env = env;
  }

  /** Starts a program that stays in the foreground. */
  async start(command: string, ...args: readonly string[]): Promise<void> {
    const file = await open(this.#log, 'a');
    const env = { ...process.env, ...this.#env };
    const child = spawn(command, args, { stdio: ['ignore', file.fd, file.fd], env });
    const exited = once(child, 'exit').catch(() => {});
    await file.close();
    this.#stops.unshift(async () => {
      child.kill();
      const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await exited;
      clearTimeout(impatient);
    });
  }

  /** Ends them, the last one first. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
  }
}
