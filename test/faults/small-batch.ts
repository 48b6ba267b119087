import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBatch } from '../../src/batch/load-batch.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import type { Job } from '../../src/queue/job.js';
import { partName } from '../helpers/strace.js';

/** A batch of jobs, of which each leaves a line in a witness file when it runs. */
export class SmallBatch {
  readonly path: string;
  readonly witness: string;

  constructor(
    readonly cwd: string,
    readonly name: string,
    readonly sshConfig: string,
    /** How many. */
    readonly jobs = 20,
    /** What each does besides: shell text. */
    readonly work = ':',
  ) {
    this.path = join(cwd, name);
    this.witness = `${this.path}.witness`;
  }

  /** The command line that begins it. */
  get run(): string[] {
    const numbers = Array.from({ length: this.jobs }, (_, at) => String(at + 1));
    const command = `echo "$GPOOL_JOB.$GPOOL_ATTEMPT" >> ${this.witness}; ${this.work}; echo out-{}`;
    const hosts = ['-F', this.sshConfig, '-S', '2/host1,2/host2'];
    return ['run', ...hosts, '--quiet', '--out', this.name, '--', command, ':::', ...numbers];
  }

  /** As it stands before its journal is begun, with all else as in another batch. */
  async beginLike(other: SmallBatch): Promise<void> {
    const text = await readFile(join(other.path, 'batch.json'), 'utf8');
    await mkdir(this.path, { mode: 0o700 });
    await writeFile(join(this.path, 'batch.json'), text.replaceAll(other.name, this.name), { mode: 0o600 });
  }

  /** The command line that goes on with it. */
  get resume(): string[] {
    return ['resume', this.name, '--quiet'];
  }

  /** Every file that a controller writes, but the joblog; `part` names those on their way. */
  files(part: string): string[] {
    const top = ['', 'jobs', 'batch.json', '.batch.json.part', 'journal.jsonl', 'log.jsonl', 'control.sock'];
    const ofJobs = Array.from({ length: this.jobs }, (_, at) => join('jobs', String(at + 1), '1'));
    const outputs = ofJobs.flatMap((job) => [job, join(job, 'stdout'), join(job, partName(part))]);
    return [...top, ...outputs].map((file) => join(this.path, file));
  }

  get journal(): string {
    return join(this.path, 'journal.jsonl');
  }

  get joblog(): string {
    return join(this.path, 'joblog.tsv');
  }

  /** Whether there is a batch that can be resumed. */
  get isThere(): boolean {
    return existsSync(join(this.path, 'batch.json'));
  }

  /** Each attempt that ran, as often as it ran. */
  async ran(): Promise<string[]> {
    return (await readFile(this.witness, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  }

  /** The attempts that ran although the journal does not say that they were launched. */
  async unkept(): Promise<string[]> {
    const ran = await this.ran();
    if (!existsSync(this.journal)) return ran;
    const { state } = await loadBatch(new BatchDirectory(this.path));
    const launched = new Set(state.jobs.flatMap(({ attempts }) => attempts.map(({ id }) => id)));
    return ran.filter((attempt) => !launched.has(attempt));
  }

  /** When each attempt was launched, milliseconds since 1970. */
  async launchTimes(): Promise<number[]> {
    const { state } = await loadBatch(new BatchDirectory(this.path));
    return state.jobs.flatMap(({ attempts }) => attempts.map(({ launchedAt }) => launchedAt));
  }

  /** What is wrong with it now that it should be over: nothing, when each job ran once and its result is here. An attempt that was taken back ran nowhere. */
  async faults(): Promise<string[]> {
    const { state } = await loadBatch(new BatchDirectory(this.path));
    const ran = await this.ran();
    const once = state.jobs.every(
      ({ id }) => ran.filter((attempt) => attempt.startsWith(`${id}.`)).length === 1,
    );
    const executions = once && ran.length === state.jobs.length ? [] : [`ran: ${ran.sort().join(' ')}`];
    const jobs = await Promise.all(state.jobs.map((job) => this.#faultsOf(job, ran)));
    const left = (await readdir(this.path)).filter((name) => name.startsWith('.'));
    const litter = left.length === 0 ? [] : [`left behind: ${left}`];
    return [...(state.ended ? [] : ['not ended']), ...executions, ...jobs.flat(), ...litter];
  }

  async #faultsOf({ id, state, attempts }: Job, ran: readonly string[]): Promise<string[]> {
    const idle = attempts.filter((attempt) => !ran.includes(attempt.id));
    const right = attempts.find((attempt) => ran.includes(attempt.id));
    const n = right?.id.split('.')[1] ?? '1';
    const output = await readFile(join(this.path, 'jobs', id, n, 'stdout'), 'utf8').catch(() => 'none');
    return [
      ...(state === 'done' ? [] : [`job ${id}: ${state}, ${attempts.length} attempts`]),
      ...idle
        .filter(({ outcome }) => outcome?.kind !== 'recalled')
        .map((attempt) => `${attempt.id} never ran: ${JSON.stringify(attempt.outcome)}`),
      ...(output === `out-${id}\n` ? [] : [`job ${id}: output ${JSON.stringify(output)}`]),
    ];
  }
}
