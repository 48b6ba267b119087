import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/** A process as no other one is called, on any machine and at any time. Each value is one word; `-` where a system has none. */
export interface ProcessIdentity {
  readonly machine: string;
  readonly host: string;
  readonly boot: string;
  /** The PID namespace: numbers of another one mean nothing here. */
  readonly space: string;
  readonly pid: number;
  readonly start: string;
}

/** Whether a process that left its identity somewhere is still there, as far as it can be seen from here. */
export type Presence = 'alive' | 'gone' | 'elsewhere';

/** Names this process. */
export function identifySelf(): Promise<ProcessIdentity> {
  self ??= readSelf();
  return self;
}

let self: Promise<ProcessIdentity> | undefined;

async function readSelf(): Promise<ProcessIdentity> {
  const [machine, boot, space, start] = await Promise.all([
    readMachine(),
    readBoot(),
    readSpace(),
    readStart(process.pid),
  ]);
  return { machine, host: hostname(), boot, space, pid: process.pid, start: start ?? '-' };
}

/** Answers `elsewhere` for another machine, and for another container of this one: only a person knows of those. */
export async function findPresence(other: ProcessIdentity): Promise<Presence> {
  const self = await identifySelf();
  if (other.machine !== self.machine || other.host !== self.host) return 'elsewhere';
  if (other.boot !== self.boot) return 'gone';
  if (other.space !== self.space) return 'elsewhere';
  if (!exists(other.pid)) return 'gone';
  const start = await readStart(other.pid);
  // Some systems hide what other accounts run; then its number alone must do.
  return start === null || start === other.start ? 'alive' : 'gone';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function readMachine(): Promise<string> {
  if (LINUX) return word(await readFile('/etc/machine-id', 'utf8').catch(() => ''));
  return word(await ask('sysctl', ['-n', 'kern.uuid']));
}

async function readBoot(): Promise<string> {
  if (LINUX) return word(await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''));
  return word(await ask('sysctl', ['-n', 'kern.bootsessionuuid']));
}

async function readSpace(): Promise<string> {
  return LINUX ? word(await readlink('/proc/self/ns/pid').catch(() => '')) : '-';
}

/** When a process began, in words that stay the same while it lives; null when that cannot be seen. One that is dead and not yet waited for has the start `-`. */
async function readStart(pid: number): Promise<string | null> {
  if (!LINUX) return word(await ask('ps', ['-o', 'lstart=', '-p', String(pid)]), null);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return '-';
  return fields[19] ?? null;
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  const options = { timeout: 5000, env: { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C' } };
  const { stdout } = await run(program, args, options).catch(() => ({ stdout: '' }));
  return stdout;
}

function word(text: string): string;
function word(text: string, none: null): string | null;
function word(text: string, none: string | null = '-'): string | null {
  return text.trim().replace(/\s+/g, '_') || none;
}

const LINUX = process.platform === 'linux';
const run = promisify(execFile);
