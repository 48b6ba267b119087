import { SpecError } from '../errors.js';
import { type AttemptRecord, type Job, tellingAttempt } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR } from '../queue/states.js';
import { nameJobs } from './name-jobs.js';

/** Which jobs of a batch are meant. All that is said must hold; of several values of one kind, one. */
export interface JobSelector {
  /** Jobs that gave up. The default, unless jobs are named. */
  readonly failed?: boolean;
  /** Jobs that came to no end of their own: they wait, run, are unknown, or were cancelled or lost. */
  readonly unfinished?: boolean;
  /** However they ended. */
  readonly all?: boolean;
  /** Ids, names or patterns, as `nameJobs` takes them. */
  readonly jobs?: readonly string[];
  /** Where the last attempt was. */
  readonly hosts?: readonly string[];
  /** Exit codes of the last attempt; 128 + n stands for a signal, too. */
  readonly exits?: readonly number[];
  /** Values of sweep parameters and columns. */
  readonly where?: readonly { readonly name: string; readonly value: string }[];
}

/** The jobs that a selector means, in their order. Throws a SpecError (E_USAGE) when there is none. */
export function selectJobs(jobs: readonly Job[], selector: JobSelector, batch: string): readonly Job[] {
  const named = new Set(nameJobs(jobs, selector.jobs ?? [], batch));
  const isNamed = ({ id }: Job): boolean => named.size === 0 || named.has(id);
  const found = jobs.filter(
    (job) => isNamed(job) && hasState(job, selector) && hasEnded(job, selector) && hasValues(job, selector),
  );
  if (found.length > 0) return found;
  const what = `no job of the batch is meant by ${describeSelector(selector)}`;
  throw new SpecError('E_USAGE', { what, where: batch, next: adviseOn(jobs, selector) });
}

/** As it would be typed. */
export function describeSelector(selector: JobSelector): string {
  const { jobs = [], hosts = [], exits = [], where = [] } = selector;
  const states = (['failed', 'unfinished', 'all'] as const).filter((state) => statesOf(selector)[state]);
  return [
    ...states.map((state) => `--${state}`),
    ...jobs.map((job) => `--job ${job}`),
    ...hosts.map((host) => `--host ${host}`),
    ...exits.map((code) => `--exit ${code}`),
    ...where.map(({ name, value }) => `--where ${name}=${value}`),
  ].join(' ');
}

function hasState(job: Job, selector: JobSelector): boolean {
  const { all, failed, unfinished } = statesOf(selector);
  return all || (failed && job.state === STATE_ERROR) || (unfinished && isUnfinished(job));
}

function statesOf({ failed = false, unfinished = false, all = false, jobs = [] }: JobSelector) {
  const none = !failed && !unfinished && !all;
  return { failed: failed || (none && jobs.length === 0), unfinished, all: all || (none && jobs.length > 0) };
}

function isUnfinished(job: Job): boolean {
  if (job.state !== STATE_ERROR) return job.state !== STATE_DONE;
  const kind = tellingAttempt(job)?.outcome?.kind;
  return kind === undefined || kind === 'cancelled' || kind === 'lost';
}

function hasEnded(job: Job, { hosts = [], exits = [] }: JobSelector): boolean {
  const last = tellingAttempt(job);
  if (hosts.length > 0 && (!last || !hosts.includes(last.host))) return false;
  return exits.length === 0 || (last !== null && exits.includes(exitCodeOf(last)));
}

function exitCodeOf({ outcome }: AttemptRecord): number {
  if (outcome?.kind === 'succeeded') return 0;
  if (outcome?.kind === 'failed') return outcome.code;
  return outcome?.kind === 'killed' ? 128 + outcome.signal : Number.NaN;
}

function hasValues({ spec }: Job, { where = [] }: JobSelector): boolean {
  return where.every(
    ({ name, value }) => Object.hasOwn(spec.values, name) && isSameValue(spec.values[name], value),
  );
}

/** 0.10 is 0.1. */
function isSameValue(value: unknown, text: string): boolean {
  const isNumber = (each: string): boolean => each.trim() !== '' && !Number.isNaN(Number(each));
  const written = String(value);
  return written === text || (isNumber(written) && isNumber(text) && Number(written) === Number(text));
}

function adviseOn(jobs: readonly Job[], { where = [] }: JobSelector): string {
  const known = new Set(jobs.flatMap(({ spec }) => Object.keys(spec.values)));
  const unknown = where.find(({ name }) => !known.has(name));
  if (!unknown) return 'Nothing was changed; `gpool status BATCH --all` lists the jobs and how they ended.';
  const names = known.size === 0 ? 'has no values' : `has ${[...known].join(', ')}`;
  return `Nothing was changed; the batch ${names}.`;
}
