import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { JobError, SpecError, TransportError } from '../../errors.js';
import type { RunOptions, RunResult, Shell } from './shell.js';

/** Where and how a local command runs. */
export interface LocalCommandOptions {
  readonly cwd?: string;
  /** Replaces the environment. @default this process's own */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program on this machine, without a shell, to its end. Success is exit code 0, whatever it wrote on stderr; both
 * outputs may be of any size.
 *
 * @throws JobError E_COMMAND with the exit code and the last lines of stderr.
 */
export async function checkLocalCommand(
  argv: readonly string[],
  options: LocalCommandOptions = {},
): Promise<RunResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const result = await new Promise<RunResult>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new JobError('E_COMMAND', {
          what: `cannot run ${program}: ${cause.message}`,
          where: 'this machine',
          cause,
        }),
      ),
    );
    child.once('close', (code, signal) =>
      resolve({
        code,
        signal: signal?.replace(/^SIG/, '') ?? null,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr),
      }),
    );
  });
  return checkResult(result, program, 'this machine');
}

/**
 * Runs lines of bash on a host, stopping at nothing by itself: use `set -e` in the lines for that. Success is exit code 0.
 *
 * @throws JobError E_COMMAND with the exit code and the last lines of stderr; what `Shell.run` throws.
 */
export async function checkRemoteCommands(
  shell: Shell,
  commands: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await shell.run(commands.join('\n'), options);
  return checkResult(result, commands[0] ?? '', shell.where);
}

/**
 * Writes a file on a host from memory. A reader there sees the old file or the new one, never a part.
 *
 * @param options.mode permission bits of the new file. @default 0o600
 * @throws JobError E_COMMAND with the host's reason; the old file is then still in place.
 */
export async function writeRemoteFile(
  shell: Shell,
  path: string,
  contents: string | Buffer,
  { mode = 0o600 }: { readonly mode?: number } = {},
): Promise<void> {
  const bytes = Buffer.from(contents);
  const args = [path, `${path}.part-${token()}`, mode.toString(8), String(bytes.length)];
  await checkRemoteCommands(shell, [WRITE_SCRIPT], { args, input: bytes });
}

/**
 * Copies local files, flat, into a directory of a host, which is made when missing. All local files are looked at before
 * anything is sent; each arrives under its final name whole or not at all. Permission bits are kept.
 *
 * @throws SpecError E_INPUT_MISSING naming every file that is not there, or two of one name; what the Shell throws.
 */
export async function copyLocalFilesToRemoteHost(
  shell: Shell,
  directory: string,
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) return;
  const inputs = await Promise.all(files.map(inspect));
  checkInputs(inputs);
  await checkRemoteCommands(shell, ['umask 077; mkdir -p -- "$1"'], { args: [directory] });
  for (const { path, mode, size } of inputs) {
    const target = `${directory}/${basename(path)}`;
    const part = `${target}.part-${token()}`;
    await shell.putFile(path, part);
    const moved = await shell.run(CHECK_AND_MOVE, { args: [target, part, mode.toString(8), String(size)] });
    if (moved.code === 0) continue;
    const reason = lastLines(moved.stderr) || 'it did not arrive whole';
    throw new TransportError('E_TRANSFER', {
      what: `cannot copy ${JSON.stringify(path)}: ${reason}`,
      where: shell.where,
    });
  }
}

interface LocalInput {
  readonly path: string;
  readonly problem: string | null;
  readonly mode: number;
  readonly size: number;
}

async function inspect(path: string): Promise<LocalInput> {
  try {
    const stat = await lstat(path);
    return {
      path,
      problem: stat.isFile() ? null : 'is no regular file',
      mode: stat.mode & 0o777,
      size: stat.size,
    };
  } catch {
    return { path, problem: 'is not there', mode: 0, size: 0 };
  }
}

function checkInputs(inputs: readonly LocalInput[]): void {
  const names = new Map<string, string>();
  const problems = inputs.flatMap(({ path, problem }) => {
    const twin = names.get(basename(path));
    names.set(basename(path), path);
    if (problem) return [`${JSON.stringify(path)} ${problem}`];
    return twin === undefined ? [] : [`${JSON.stringify(path)} has the same name as ${JSON.stringify(twin)}`];
  });
  if (problems.length > 0)
    throw new SpecError('E_INPUT_MISSING', { what: problems.join('; '), where: 'files to copy' });
}

function checkResult(result: RunResult, command: string, where: string): RunResult {
  if (result.code === 0) return result;
  const ending = result.signal ? `was ended by signal ${result.signal}` : `exited with code ${result.code}`;
  const said = lastLines(result.stderr);
  throw new JobError('E_COMMAND', {
    what: `${JSON.stringify(command.slice(0, 80))} ${ending}${said ? `: ${said}` : ''}`,
    where,
  });
}

function lastLines(stderr: Buffer): string {
  return stderr.toString('utf8').trimEnd().split('\n').slice(-3).join(' | ').slice(-300);
}

const token = () => randomBytes(6).toString('hex');

/** $1 target, $2 temporary name, $3 mode, $4 size. */
const CHECK_AND_MOVE = `
  [[ $(stat -c %s -- "$2") == "$4" ]] && chmod -- "$3" "$2" && mv -fT -- "$2" "$1" && exit 0
  rm -f -- "$2"; exit 1`;

const WRITE_SCRIPT = `umask 077; cat > "$2" || { rm -f -- "$2"; exit 1; }\n${CHECK_AND_MOVE}`;
