import { resolve } from 'node:path';
import { StateError } from '../errors.js';
import type { GpoolEvent } from '../events/event.js';
import { type BatchDirectory, openBatchDirectory } from '../journal/batch-directory.js';
import { readBatchFile } from '../journal/batch-file.js';
import { requireOwnBatch } from '../journal/own-batch.js';
import { createBatchState, type Lookup } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_UNKNOWN } from '../queue/states.js';
import { validateSpecs } from '../spec/validate-specs.js';
import type { BatchRun } from './batch-run.js';
import { createRun } from './create-run.js';
import { holdBatch, letGoOnError } from './held-batch.js';
import { digestInputs, type InputDigests } from './input-digests.js';
import { type LoadedBatch, loadBatch } from './load-batch.js';
import { longestFirst, type StartOrder } from './longest-first.js';
import { type KnownJob, type PlannedJob, planUpdate, revisionOf } from './plan-update.js';
import { replaceHosts } from './replace-hosts.js';
import { describeStanding } from './rerun-batch.js';
import { reviseBatch } from './revise-batch.js';
import { type BatchRequest, joblogsOf } from './run-batch.js';

/** A run into a batch that exists. */
export interface UpdateRequest extends BatchRequest {
  readonly directory: BatchDirectory;
  /** Of the jobs that are run again. @default 'longest' */
  readonly order?: StartOrder | undefined;
  /** Whether the batch may become quite another one. @default false: then that is refused */
  readonly update?: boolean | undefined;
}

/**
 * Says what became of each job since the batch was last run: its work is compared, not its place. Changes nothing. Throws a
 * SpecError on inputs that cannot be sent, a StateError when the batch cannot be read, has no job whose commands are
 * still wanted (E_BATCH_EXISTS), or when changed jobs are still with their hosts (E_BATCH_BUSY).
 */
export async function planBatchUpdate(request: UpdateRequest): Promise<readonly PlannedJob[]> {
  const inputs = await readInputs(request, request.onLeftOut);
  return compare(await loadBatch(request.directory), request, inputs);
}

/**
 * Brings a batch up to date: what is new, changed or failed waits again, the rest stays as it is. Throws what `planBatchUpdate` throws, and E_BATCH_HELD; then nothing was changed.
 */
export async function updateBatch(request: UpdateRequest): Promise<BatchRun> {
  const inputs = await readInputs(request);
  // Before it is held: taking hold cuts off a torn end.
  await compare(await loadBatch(request.directory), request, inputs);
  const held = await holdBatch(request.directory);
  return letGoOnError(held.store, async () => {
    const planned = await compare(held, request, inputs);
    const kept = planned.filter(({ fate }) => fate !== 'removed');
    const removed = planned.filter(({ fate }) => fate === 'removed').map(({ id }) => id);
    const changes = {
      specs: kept.map(({ spec }) => spec),
      removed: [...(held.file.removed ?? []), ...removed],
      options: { ...request.options },
      cwd: resolve(request.cwd),
      inputs,
    };
    const events = [
      ...replaceHosts(held, request.hosts),
      ...sortPlanned(planned, request.order).flatMap(reopen),
    ];
    const revised = await reviseBatch(held, changes, events);
    const { hosts, detach, onLogError } = request;
    return createRun(revised, { contact: request, hosts, joblogs: joblogsOf(request), detach, onLogError });
  });
}

/** The batch that a run would go into, or null when its directory is new. */
export async function findUpdate(out: string): Promise<BatchDirectory | null> {
  const found = await openBatchDirectory(out).catch((error: unknown) => {
    if (error instanceof StateError && error.code === 'E_BATCH_NOT_FOUND') return null;
    throw error;
  });
  if (found) await requireOwnBatch(out);
  return found;
}

async function readInputs(
  { specs, cwd }: UpdateRequest,
  onLeftOut?: UpdateRequest['onLeftOut'],
): Promise<InputDigests> {
  await validateSpecs(specs, { cwd });
  return digestInputs(specs, cwd, onLeftOut);
}

async function compare(
  loaded: LoadedBatch,
  { specs, update = false }: UpdateRequest,
  inputs: InputDigests,
): Promise<readonly PlannedJob[]> {
  const { file, directory } = loaded;
  const lastId = file.specs.length + (file.removed?.length ?? 0);
  const planned = planUpdate(await readKnown(loaded), specs, inputs, lastId);
  checkSettled(planned, directory);
  if (!update) checkRelated(planned, directory);
  return planned;
}

/** Each job with what its last attempt was to run, which an earlier revision may say. */
async function readKnown({ state, file, directory }: LoadedBatch): Promise<KnownJob[]> {
  const { revision: newest = 1 } = file;
  const revisions = new Map<number, Revision>();
  for (const revision of new Set(state.jobs.map((job) => revisionOf(job, newest)))) {
    const found =
      revision === newest ? file : await readBatchFile(directory, directory.revisionFile(revision));
    const { jobById } = createBatchState(found.specs, [], found);
    revisions.set(revision, { jobById, inputs: found.inputs ?? {} });
  }
  return state.jobs.map((job) => {
    const revision = revisions.get(revisionOf(job, newest));
    return { job, spec: revision?.jobById.get(job.id)?.spec ?? job.spec, inputs: revision?.inputs ?? {} };
  });
}

interface Revision {
  readonly jobById: Lookup<Job>;
  readonly inputs: InputDigests;
}

function checkRelated(planned: readonly PlannedJob[], { path }: BatchDirectory): void {
  const isKept = ({ fate, changes }: PlannedJob): boolean =>
    fate !== 'new' && fate !== 'removed' && !changes.includes('commands');
  if (planned.some(isKept)) return;
  throw new StateError('E_BATCH_EXISTS', {
    what: `the batch there has no job in common with this one: ${countFates(planned)}`,
    where: path,
    next: 'Choose another directory with --out; --update makes this one of it.',
  });
}

/** `2 changed, 6 removed`. */
function countFates(planned: readonly PlannedJob[]): string {
  const counts = (['changed', 'new', 'removed'] as const).map((fate) => ({
    fate,
    count: planned.filter((job) => job.fate === fate).length,
  }));
  return counts.flatMap(({ fate, count }) => (count > 0 ? [`${count} ${fate}`] : [])).join(', ');
}

/** What a host has is the old work: it can neither be kept nor counted. */
function checkSettled(planned: readonly PlannedJob[], { path }: BatchDirectory): void {
  const open = planned.filter(
    ({ fate, job }) =>
      (fate === 'changed' || fate === 'removed') &&
      (job?.state === STATE_BUSY || job?.state === STATE_UNKNOWN),
  );
  const [first] = open;
  if (!first) return;
  const rest = open.length > 1 ? ` and ${open.length - 1} more` : '';
  const what = `job ${first.id} (${first.spec.name})${rest} was ${first.fate} but is still with its host`;
  throw new StateError('E_BATCH_BUSY', { what, where: path });
}

function sortPlanned(planned: readonly PlannedJob[], order: StartOrder = 'longest'): readonly PlannedJob[] {
  return order === 'given' ? planned : longestFirst(planned, ({ job }) => job);
}

function reopen({ job, fate, changes }: PlannedJob): GpoolEvent[] {
  if (!job || (job.state !== STATE_DONE && job.state !== STATE_ERROR)) return [];
  if (fate === 'changed')
    return [{ type: 'job.reopened', job: job.id, reason: `changed: ${changes.join('; ')}` }];
  return fate === 'failed' ? [{ type: 'job.reopened', job: job.id, reason: describeStanding(job) }] : [];
}
