import { SpecError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE } from '../queue/states.js';
import type { Order } from './order.js';

export type JobOrder = Extract<Order, { kind: 'cancel' | 'pause' | 'unpause' }>;

/**
 * One event for each job that the order changes: those that are settled, or are told so already, are passed over.
 *
 * @throws SpecError (E_USAGE) that names a job or host that the batch does not have.
 */
export function planJobOrder(order: JobOrder, state: BatchState): readonly ManagerEvent[] {
  const { kind, host } = order;
  if (host !== null && !state.hostByName.get(host)) throw refuse(`there is no host "${host}"`, state);
  const named = order.jobs === 'all' ? state.jobs : order.jobs.map((id) => findJob(id, state));
  return [...new Set(named)]
    .filter((job) => isOpen(job) && (host === null || job.host === host))
    .flatMap((job) => planEvent(kind, job));
}

function planEvent(kind: JobOrder['kind'], job: Job): ManagerEvent[] {
  if (kind === 'cancel')
    return job.cancelling === null || job.state === STATE_FREE
      ? [{ type: 'job.cancelling', job: job.id, reason: 'cancelled by hand' }]
      : [];
  const paused = kind === 'pause';
  if (job.paused === paused) return [];
  return [{ type: paused ? 'job.pausing' : 'job.unpausing', job: job.id }];
}

function isOpen({ state }: Job): boolean {
  return state !== STATE_DONE && state !== STATE_ERROR;
}

function findJob(id: string, state: BatchState): Job {
  const job = state.jobById.get(id);
  if (job) return job;
  throw refuse(`there is no job ${id}`, state);
}

function refuse(what: string, { batch }: BatchState): SpecError {
  return new SpecError('E_USAGE', {
    what,
    where: `batch ${batch}`,
    next: '`gpool status BATCH --all` lists the jobs and hosts.',
  });
}
