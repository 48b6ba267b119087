import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ExampleRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a built program of examples/ in a directory of the test's own, with a home there. */
export async function runExample(
  program: string,
  directory: string,
  args: readonly string[] = [],
): Promise<ExampleRun> {
  const path = fileURLToPath(new URL(`../../examples/${program}`, import.meta.url));
  return runNode([path, ...args], directory);
}

/** Runs node with these arguments, its home and working directory in `directory`. */
export async function runNode(args: readonly string[], directory: string): Promise<ExampleRun> {
  const env = { ...process.env, HOME: directory, NO_COLOR: '1' };
  const child = spawn(process.execPath, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}
