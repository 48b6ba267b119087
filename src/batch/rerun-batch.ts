import type { GpoolEvent } from '../events/event.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { describeOutcome } from '../manager/log-line.js';
import { type Job, tellingAttempt } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE } from '../queue/states.js';
import type { Host } from '../spec/host.js';
import { validateSpecs } from '../spec/validate-specs.js';
import type { BatchRun } from './batch-run.js';
import type { Contact } from './create-network.js';
import { createRun } from './create-run.js';
import { holdBatch, letGoOnError } from './held-batch.js';
import { changedSources, digestReadable } from './input-digests.js';
import { loadBatch } from './load-batch.js';
import { knownRunMs, longestFirst, type StartOrder } from './longest-first.js';
import { poolHosts, replaceHosts } from './replace-hosts.js';
import { recordEvents, refreshInputs } from './revise-batch.js';
import { type BatchRequest, runBatch } from './run-batch.js';
import { type JobSelector, selectJobs } from './select-jobs.js';

/** Which jobs are to be run again, and how. */
export interface RerunQuestion {
  readonly directory: BatchDirectory;
  readonly selector: JobSelector;
  /** @default 'longest' */
  readonly order?: StartOrder | undefined;
  /** Where a new batch of them is to be made. @default in place */
  readonly out?: string | undefined;
}

export interface RerunRequest extends Omit<RerunQuestion, 'out'>, Contact {
  /** What relative paths start from; those of inputs only in a batch of an older release, which does not say. */
  readonly cwd: string;
  /** Other hosts than those that it has. @default the same */
  readonly hosts?: readonly Host[] | undefined;
  /** As in `BatchRequest`; told for a new batch. */
  readonly onLeftOut?: BatchRequest['onLeftOut'];
  /** Hears which inputs changed since the jobs were last run, or are gone. */
  readonly onChanged?: ((sources: readonly string[]) => void) | undefined;
  readonly onLogError: (error: unknown) => void;
}

/** A job that is to be run again, and how it stood. */
export interface RerunJob {
  readonly id: string;
  readonly name: string;
  /** For people: `failed before: exit code 3`, `done before`, `waiting`, `with lab01`. */
  readonly why: string;
  /** By its earlier attempts, milliseconds; null when none came to an end of its own. */
  readonly runMs: number | null;
}

/**
 * What a rerun would do, in the order in which the jobs are started. Changes nothing. Throws a StateError, and a
 * SpecError (E_USAGE) when no job is meant.
 */
export async function planRerun(request: RerunQuestion): Promise<readonly RerunJob[]> {
  const { directory, selector, order, out } = request;
  const { state, file } = await loadBatch(directory);
  const jobs = selectJobs(state.jobs, selector, file.name);
  if (out !== undefined) return sortJobs(jobs, order).map(describeRerun);
  const meant = new Set(jobs);
  const waiting = state.jobQueue.inState(STATE_FREE).filter((job) => meant.has(job));
  const withHosts = jobs.filter((job) => !isSettled(job) && job.state !== STATE_FREE);
  return [...withHosts, ...waiting, ...sortJobs(jobs.filter(isSettled), order)].map(describeRerun);
}

/**
 * Gives the jobs of a batch new attempts, and goes on with it as a resume does. Earlier attempts and what they left are
 * kept. Throws a SpecError when no job is meant or an input is missing, a StateError when the batch cannot be read or is held
 * (E_BATCH_HELD); then nothing was changed.
 */
export async function rerunBatch(request: RerunRequest): Promise<BatchRun> {
  const { directory, selector, cwd, hosts, order, onChanged, onLogError, ...contact } = request;
  // Before it is held: taking hold cuts off a torn end.
  await planRerun(request);
  const held = await holdBatch(directory);
  return letGoOnError(held.store, async () => {
    const jobs = selectJobs(held.state.jobs, selector, held.file.name);
    const specs = jobs.map(({ spec }) => spec);
    const inputsFrom = held.file.cwd ?? cwd;
    await validateSpecs(specs, { cwd: inputsFrom });
    const moved = hosts ? replaceHosts(held, hosts) : [];
    const reopened = await recordEvents(held, [
      ...moved,
      ...sortJobs(jobs.filter(isSettled), order).map(reopen),
    ]);
    const waiting = reopened.state.jobQueue.inState(STATE_FREE);
    const current = await refreshInputs(reopened, waiting, inputsFrom, onChanged);
    return createRun(current, { contact, hosts, onLogError });
  });
}

/** Makes a new batch of the jobs. The one they are from stays as it is. Throws what `planRerun` and `runBatch` throw. */
export async function rerunAsNew(request: RerunRequest & { readonly out: string }): Promise<BatchRun> {
  const { directory, selector, order, onChanged, ...rest } = request;
  const loaded = await loadBatch(directory);
  const { name, options, cwd: inputsFrom = rest.cwd, inputs = {} } = loaded.file;
  const jobs = selectJobs(loaded.state.jobs, selector, name);
  const specs = jobs.map(({ spec }) => spec);
  const startOrder = sortPlaces(jobs, order);
  const changed = changedSources(specs, inputs, await digestReadable(specs, inputsFrom));
  if (changed.length > 0) onChanged?.(changed);
  const hosts = rest.hosts ?? poolHosts(loaded);
  return runBatch({ ...rest, name, hosts, options, specs, startOrder, inputsFrom });
}

function sortJobs(jobs: readonly Job[], order: StartOrder = 'longest'): readonly Job[] {
  return order === 'given' ? jobs : longestFirst(jobs, (job) => job);
}

/** The ids that the jobs have in a batch of their own, as they are to be started; empty when that is their order anyway. */
function sortPlaces(jobs: readonly Job[], order: StartOrder | undefined): readonly string[] {
  const idOf = new Map(jobs.map((job, at) => [job, String(at + 1)]));
  const sorted = sortJobs(jobs, order);
  return sorted.every((job, at) => job === jobs[at]) ? [] : sorted.map((job) => idOf.get(job) ?? '');
}

/** A job that waits or is with a host goes on anyway. */
function isSettled({ state }: Job): boolean {
  return state === STATE_DONE || state === STATE_ERROR;
}

function reopen(job: Job): GpoolEvent {
  return { type: 'job.reopened', job: job.id, reason: describeStanding(job) };
}

function describeRerun(job: Job): RerunJob {
  return { id: job.id, name: job.spec.name, why: describeStanding(job), runMs: knownRunMs(job) };
}

/** How a job stands, in a few words. */
export function describeStanding(job: Job): string {
  const { state, host } = job;
  if (state === STATE_FREE) return 'waiting';
  if (state === STATE_DONE) return 'done before';
  if (state !== STATE_ERROR) return `with ${host}`;
  const last = tellingAttempt(job);
  const cause = last?.fault?.what ?? (last?.outcome && describeOutcome(last.outcome));
  return `failed before${cause ? `: ${cause}` : ''}`;
}
