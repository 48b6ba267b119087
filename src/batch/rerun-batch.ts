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
import { loadBatch } from './load-batch.js';
import { poolHosts, replaceHosts } from './replace-hosts.js';
import { recordEvents, refreshInputs } from './revise-batch.js';
import { runBatch } from './run-batch.js';
import { type JobSelector, selectJobs } from './select-jobs.js';

export interface RerunRequest extends Contact {
  readonly directory: BatchDirectory;
  readonly selector: JobSelector;
  /** What relative paths start from. */
  readonly cwd: string;
  /** Other hosts than those that it has. @default the same */
  readonly hosts?: readonly Host[] | undefined;
  readonly onLogError: (error: unknown) => void;
}

/** A job that is to be run again, and how it stood. */
export interface RerunJob {
  readonly id: string;
  readonly name: string;
  /** For people: `failed before: exit code 3`, `done before`, `waiting`, `with lab01`. */
  readonly why: string;
}

/** What a rerun would do. Changes nothing. Throws a StateError, and a SpecError (E_USAGE) when no job is meant. */
export async function planRerun(
  directory: BatchDirectory,
  selector: JobSelector,
): Promise<readonly RerunJob[]> {
  const { state, file } = await loadBatch(directory);
  return selectJobs(state.jobs, selector, file.name).map(describeRerun);
}

/**
 * Gives the jobs of a batch new attempts, and goes on with it as a resume does. Earlier attempts and what they left are
 * kept. Throws a SpecError when no job is meant or an input is missing, a StateError when the batch cannot be read or is held
 * (E_BATCH_HELD); then nothing was changed.
 */
export async function rerunBatch(request: RerunRequest): Promise<BatchRun> {
  const { directory, selector, cwd, hosts, onLogError, ...contact } = request;
  // Before it is held: taking hold cuts off a torn end.
  await planRerun(directory, selector);
  const held = await holdBatch(directory);
  return letGoOnError(held.store, async () => {
    const jobs = selectJobs(held.state.jobs, selector, held.file.name);
    const specs = jobs.map(({ spec }) => spec);
    await validateSpecs(specs, { cwd });
    const moved = hosts ? replaceHosts(held, hosts) : [];
    const reopened = await recordEvents(held, [...moved, ...jobs.flatMap(reopen)]);
    const current = await refreshInputs(reopened, reopened.state.jobQueue.inState(STATE_FREE), cwd);
    return createRun(current, { contact, hosts, onLogError });
  });
}

/** Makes a new batch of the jobs. The one they are from stays as it is. Throws what `planRerun` and `runBatch` throw. */
export async function rerunAsNew(request: RerunRequest & { readonly out: string }): Promise<BatchRun> {
  const { directory, selector, ...rest } = request;
  const loaded = await loadBatch(directory);
  const { name, options } = loaded.file;
  const specs = selectJobs(loaded.state.jobs, selector, name).map(({ spec }) => spec);
  return runBatch({ ...rest, name, hosts: rest.hosts ?? poolHosts(loaded), options, specs });
}

/** A job that waits or is with a host goes on anyway. */
function reopen(job: Job): GpoolEvent[] {
  if (job.state !== STATE_DONE && job.state !== STATE_ERROR) return [];
  return [{ type: 'job.reopened', job: job.id, reason: describeRerun(job).why }];
}

function describeRerun(job: Job): RerunJob {
  return { id: job.id, name: job.spec.name, why: describeStanding(job) };
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
