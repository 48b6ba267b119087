import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finish, type GpoolRun, startGpool } from '../../helpers/run-gpool.js';
import { testifyingJob } from './evidence.js';

export interface BatchOrder {
  readonly sshConfig: string;
  /** As `-S` takes them. @default '2/m[1-8]' */
  readonly hosts?: string;
  /** The controller's home and working directory. */
  readonly home: string;
  /** The batch directory's name below it. @default 'b' */
  readonly out?: string;
  readonly jobs: number;
  /** How long each job sleeps: shell text. @default '0.1' */
  readonly sleep?: string;
  /** Further words before the command. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The real command as a process of its own, and what is done to it. */
export class Controller {
  readonly ended: Promise<GpoolRun>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = finish(child);
  }

  /** `gpool run` with a batch of testifying jobs. */
  static run({
    sshConfig,
    hosts = '2/m[1-8]',
    home,
    out = 'b',
    jobs,
    sleep = '0.1',
    options = [],
    env = {},
  }: BatchOrder) {
    const command = testifyingJob({ sleep });
    const args = Array.from({ length: jobs }, (_, at) => String(at + 1));
    const words = ['-F', sshConfig, '-S', hosts, '--quiet', '--out', out, '--return', 'data', ...options];
    return Controller.#start(['run', ...words, '--', command, ':::', ...args], home, env);
  }

  static resume({
    home,
    out = 'b',
    options = [],
    env = {},
  }: Pick<BatchOrder, 'home' | 'out' | 'options' | 'env'>) {
    return Controller.#start(['resume', out, '--quiet', ...options], home, env);
  }

  static #start(words: readonly string[], cwd: string, env = {}): Controller {
    return new Controller(startGpool(words, { cwd, env: { ...env, GPOOL_SECRET: SECRET } }));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<GpoolRun> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Resident memory in kB and open descriptors; null once it has ended. */
  async measure(): Promise<{ readonly rssKb: number; readonly descriptors: number } | null> {
    const proc = `/proc/${this.#child.pid}`;
    const status = await readFile(join(proc, 'status'), 'utf8').catch(() => '');
    const rss = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
    const descriptors = await readdir(join(proc, 'fd')).catch(() => null);
    return rss === undefined || descriptors === null
      ? null
      : { rssKb: Number(rss), descriptors: descriptors.length };
  }
}

/** In the controller's environment, and to be found nowhere else. */
export const SECRET = 'canary-5b2f9d81';
