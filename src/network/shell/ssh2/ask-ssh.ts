import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import PQueue from 'p-queue';
import { HostError } from '../../../errors.js';
import type { SshDestination } from '../../../spec/host.js';
import { type ConfigValues, readSshConfig } from './ssh-config-file.js';

/** What the resolver needs besides the destination. */
export interface ResolveOptions {
  /** Another ssh_config than the user's own. */
  readonly configFile?: string | undefined;
  /** The OpenSSH client to ask; when it is missing, a small reader of our own serves the plain cases. @default 'ssh' */
  readonly sshProgram?: string | undefined;
}

/**
 * The values that the user's ssh_config gives to a destination, as `ssh -G` prints them.
 *
 * @throws HostError E_SSH_CONFIG for a name that is no host name, and for a configuration that cannot be read.
 */
export async function askSsh(destination: SshDestination, options: ResolveOptions): Promise<ConfigValues> {
  const { address, user, port, identity } = destination;
  checkName('host name', address);
  const { configFile, sshProgram = 'ssh' } = options;
  const args = [
    '-G',
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identity === undefined ? [] : ['-i', identity]),
    '--',
    address,
  ];
  try {
    const { stdout } = await questions.add(() =>
      run(sshProgram, args, { timeout: 10_000, maxBuffer: 1024 * 1024 }),
    );
    return parseDump(stdout);
  } catch (error) {
    if (!isMissingProgram(error)) throw configError(address, `ssh -G failed: ${lastLine(error)}`, error);
    return readSshConfig(configFile ?? ownConfigFile(), destination);
  }
}

/** Reads what `ssh -G` prints: one `key value` a line, a key may come several times. */
function parseDump(text: string): ConfigValues {
  const values: ConfigValues = new Map();
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at <= 0) continue;
    const key = line.slice(0, at).toLowerCase();
    values.set(key, [...(values.get(key) ?? []), line.slice(at + 1).trim()]);
  }
  return values;
}

/** Names reach a command line and known_hosts: no option, no blank, nothing that a shell or the file format reads. */
export function checkName(what: string, name: string): void {
  if (!/^[\p{L}\p{N}_.%:+@[\]-]+$/u.test(name) || name.startsWith('-'))
    throw configError(JSON.stringify(name), `the ${what} holds characters that no ${what} has`);
}

function configError(where: string, what: string, cause?: unknown): HostError {
  return new HostError('E_SSH_CONFIG', { what, where, cause });
}

function ownConfigFile(): string | undefined {
  const path = join(homedir(), '.ssh', 'config');
  return existsSync(path) ? path : undefined;
}

/** Whether an ssh_config says `StrictHostKeyChecking ask` itself: `ssh -G` prints the same when nobody said anything. Included files are not looked at. */
export function saysAsk(configFile: string | undefined): boolean {
  const files = configFile === undefined ? [ownConfigFile(), '/etc/ssh/ssh_config'] : [configFile];
  return files.some(
    (path) => path !== undefined && existsSync(path) && ASKS.test(readFileSync(path, 'utf8')),
  );
}

function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return text.split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
}

const ASKS = /^\s*StrictHostKeyChecking[\s=]+"?ask/im;
const run = promisify(execFile);
/** A pool of hundreds must not start hundreds of processes at once. */
const questions = new PQueue({ concurrency: 8 });
