import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface GpoolRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GpoolOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** @default nothing: as from /dev/null */
  readonly stdin?: string;
  /** What is started in place of the command: another one that starts it, as `prlimit` does. */
  readonly under?: readonly string[];
}

/** The built command as users start it, in a directory that is its home as well. */
export function startGpool(
  args: readonly string[],
  { cwd, env = {}, stdin, under }: GpoolOptions,
): ChildProcess {
  const [program = process.execPath, ...words] = under ?? [process.execPath, MAIN];
  const child = spawn(program, [...words, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, USER: process.env.USER, NO_COLOR: '1', GJOB_IDLE: '2', ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(stdin);
  return child;
}

/** Runs the command to its end. */
export async function runGpool(args: readonly string[], options: GpoolOptions): Promise<GpoolRun> {
  return finish(startGpool(args, options));
}

/** What a started command prints, and how it ends. */
export function finish(child: ChildProcess): Promise<GpoolRun> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    texts.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    texts.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...texts }));
  });
}

/** The built command. */
export const MAIN = fileURLToPath(new URL('../../cli/main.cjs', import.meta.url));
