import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chown, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../helpers/package-root.js';
import { type Teardown, tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

export const GJOB = join(packageRoot(), 'bin/gjob');

/** Another bash than the one on the PATH: `GPOOL_TEST_BASH=/opt/bash-4.2/bin/bash`. */
const BASH = process.env.GPOOL_TEST_BASH ?? 'bash';

export interface Answer {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface HostOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What runs gjob. @default GPOOL_TEST_BASH, or the bash on the PATH */
  readonly bash?: string;
  /** Another user than ours, who owns the root then. Needs root. */
  readonly uid?: number;
}

/** A root directory of its own in which the real gjob runs, emptied of processes when the test is over. */
export class GjobHost {
  readonly #bridges: BridgeClient[] = [];

  private constructor(
    readonly root: string,
    readonly options: HostOptions,
  ) {}

  static async create(t: Teardown, options: HostOptions = {}): Promise<GjobHost> {
    const root = await tempDir(t);
    if (options.uid !== undefined) await chown(root, options.uid, options.uid);
    const host = new GjobHost(root, options);
    t.teardown(() => host.end());
    return host;
  }

  /** Another machine that has this root, too. */
  beside(t: Teardown, options: HostOptions): GjobHost {
    const host = new GjobHost(this.root, options);
    t.teardown(() => host.end());
    return host;
  }

  get directory(): string {
    return join(this.root, 'host-1', 'batch-1');
  }

  record(attempt: string): string {
    return join(this.directory, 'jobs', shard(attempt), attempt);
  }

  work(attempt: string): string {
    return join(this.directory, 'work', shard(attempt), attempt);
  }

  /** The file that a job's bash reads. */
  script(attempt: string): string {
    return join(`${this.work(attempt)}.job`, 'script');
  }

  /** What is left of a record's file, or null when it is not there. */
  read(attempt: string, file: string): Promise<string | null> {
    return readFile(join(this.record(attempt), file), 'latin1').catch(() => null);
  }

  start(...args: string[]): ChildProcessWithoutNullStreams {
    return spawn(this.options.bash ?? BASH, [GJOB, ...args], {
      cwd: this.root,
      ...(this.options.uid !== undefined && { uid: this.options.uid, gid: this.options.uid }),
      env: { ...process.env, HOME: this.root, ...this.options.env },
    });
  }

  /** Runs a verb to its end. */
  async call(args: readonly string[], input: string | Buffer = ''): Promise<Answer> {
    const child = this.start(...args);
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return { code, stdout: Buffer.concat(stdout), stderr };
  }

  /** A verb on this host's batch: root, host id and batch come by themselves. */
  ask(verb: string, input = '', ...more: string[]): Promise<Answer> {
    return this.call([verb, this.root, 'host-1', 'batch-1', ...more], input);
  }

  bridge({ slots = 2, offset = 0 }: { slots?: number; offset?: number } = {}): BridgeClient {
    const child = this.start('bridge', this.root, 'host-1', 'batch-1', String(slots), '0', String(offset));
    const bridge = new BridgeClient(child);
    this.#bridges.push(bridge);
    return bridge;
  }

  /**
   * Pids of the processes that run somewhere under this root, of one kind when `word` is given; without the short-lived
   * shells that such a process starts of itself. Reads at one go, so that what it says held at one time.
   */
  async processes(word?: 'agent' | 'supervisor' | 'collector' | 'bridge'): Promise<number[]> {
    const found = new Map<number, number>();
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const cwd = orEmpty(() => readlinkSync(`/proc/${name}/cwd`));
      if (!`${cwd}/`.startsWith(`${this.root}/`)) continue;
      const command = orEmpty(() => readFileSync(`/proc/${name}/cmdline`, 'utf8'));
      if (word && !isOf(word, name, command.split('\0').slice(2, 4))) continue;
      const stat = orEmpty(() => readFileSync(`/proc/${name}/stat`, 'utf8'));
      found.set(Number(name), Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]));
    }
    return [...found].filter(([, parent]) => !word || !found.has(parent)).map(([pid]) => pid);
  }

  /** Pids of what runs in the working directories. */
  async jobProcesses(): Promise<number[]> {
    const cwds = (await this.processes()).map(
      async (pid) => [pid, await readlink(`/proc/${pid}/cwd`).catch(() => '')] as const,
    );
    return (await Promise.all(cwds))
      .filter(([, cwd]) => cwd.startsWith(`${this.directory}/work/`))
      .map(([pid]) => pid);
  }

  async end(): Promise<void> {
    for (const bridge of this.#bridges) bridge.kill();
    await waitFor(
      async () => {
        const pids = await this.processes();
        for (const pid of pids) signal(pid, 'SIGKILL');
        return pids.length === 0;
      },
      { what: 'the end of all processes of the host' },
    );
  }
}

/** The controller's side of a bridge: frames in, event lines out. */
export class BridgeClient {
  readonly lines: string[][] = [];
  /** Bytes of whole event lines read so far. */
  bytes = 0;
  greeting = '';
  stderr = '';
  #rest: Buffer = Buffer.alloc(0);
  #acks = 0;

  constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    child.stdin.on('error', () => {});
  }

  /** Sends one frame of request lines. */
  send(...requests: string[]): void {
    const body = Buffer.from(`${requests.join('\n')}\n`, 'latin1');
    this.child.stdin.write(Buffer.concat([Buffer.from(`${body.length}\n`), body]));
  }

  /** Sends requests and waits until the agent has taken them in. */
  async ask(...requests: string[]): Promise<void> {
    const token = `t${this.child.pid}.${++this.#acks}`;
    this.send(...requests, `ack\t${token}`);
    await this.event('B', token);
  }

  event(kind: string, first: string, limitMs = 60_000): Promise<string[]> {
    const what = `event ${kind} ${first}; stderr: ${this.stderr}`;
    return waitFor(() => this.find(kind, first)[0], { limitMs, what });
  }

  find(kind: string, first?: string): string[][] {
    return this.lines.filter((line) => line[0] === kind && (first === undefined || line[1] === first));
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async close(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    this.child.stdin.end();
    const [code] = await once(this.child, 'exit');
    return code;
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let end = this.#rest.indexOf(10); end >= 0; end = this.#rest.indexOf(10)) {
      const line = this.#rest.subarray(0, end).toString('latin1');
      this.#rest = this.#rest.subarray(end + 1);
      if (this.greeting === '') {
        this.greeting = line;
      } else {
        this.lines.push(line.split('\t'));
        this.bytes += end + 1;
      }
    }
  }
}

/** A `run` request as the protocol escapes it. */
export function run(
  attempt: string,
  script: string,
  {
    timeout = 0,
    tree = '-',
    env = {},
  }: { timeout?: number | string; tree?: string; env?: Record<string, string> } = {},
): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return ['run', attempt, String(timeout), tree, script, ...settings].map(escapeField).join('\t');
}

export function escapeField(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r');
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it was gone already
  }
}

/** A process may go while it is looked at. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function shard(attempt: string): string {
  return String(Math.floor(Number(attempt.split('.')[0]) / 1000));
}

/** A collector is a fork of its supervisor: it writes to 4, and has no collector of its own on 6. */
function isOf(word: string, pid: string, command: readonly string[]): boolean {
  const collects = existsSync(`/proc/${pid}/fd/4`) && !existsSync(`/proc/${pid}/fd/6`);
  if (word === 'collector') return command.includes('supervisor') && collects;
  return command.includes(word) && !(word === 'supervisor' && collects);
}
