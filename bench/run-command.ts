import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Finished {
  /** From start to end, by the wall clock. */
  readonly seconds: number;
  readonly stdout: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure. @default [0] */
  readonly codes?: readonly number[];
}

/** Runs a program to its end, with nothing on its stdin. Throws with the end of its stderr when it fails. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env = {}, codes = [0] }: CommandOptions = {},
): Promise<Finished> {
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: LIMIT_MS,
    ...(cwd !== undefined && { cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - started) / 1000;
  if (codes.includes(code)) return { seconds, stdout: Buffer.concat(stdout).toString() };
  const said = Buffer.concat(stderr).toString().slice(-1000);
  throw new Error(`${command} ${args.slice(0, 12).join(' ')} ended with ${code}: ${said}`);
}

/** A peer that hangs is ended and told of as a failure. */
const LIMIT_MS = 300_000;
