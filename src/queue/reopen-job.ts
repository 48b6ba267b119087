import { StateError } from '../errors.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from './batch-state.js';
import { findHost, moveJob } from './host-events.js';
import { STATE_DONE, STATE_FREE } from './states.js';

type Reopening<K extends ManagerEvent['type']> = Recorded<Extract<ManagerEvent, { type: K }>>;

/** A job that was settled waits again. What it had is kept; its limits count from here. */
export function applyJobReopened(state: BatchState, event: Reopening<'job.reopened'>): boolean {
  const job = state.jobById.get(event.job);
  if (!job) throw refuse(state, `there is no job ${event.job} in this batch`);
  const settledBy = job.host === null ? null : findHost(state, job.host);
  const was = job.state;
  moveJob(state, job, STATE_FREE, event.type);
  const settled = was === STATE_DONE ? 'done' : 'failed';
  if (settledBy) settledBy[settled] -= 1;
  state.tally[settled] = Math.max(0, state.tally[settled] - 1);
  job.host = null;
  job.decidedBy = null;
  job.budgetFrom = job.attempts.length;
  job.notBefore = 0;
  job.paused = false;
  job.cancelling = null;
  state.intents.delete(job);
  reopenBatch(state);
  return true;
}

/** `batch.json` has a new revision. This state was made of the newest one, so that there is nothing to add here. */
export function applyBatchRevised(state: BatchState, event: Reopening<'batch.revised'>): boolean {
  if (event.revision !== state.revision + 1)
    throw refuse(state, `revision ${event.revision} does not follow revision ${state.revision}`);
  if (event.revision > state.madeOf)
    throw refuse(state, `the journal has revision ${event.revision}, batch.json has ${state.madeOf}`);
  if (event.revision === state.madeOf && event.jobs !== state.jobs.length)
    throw refuse(state, `revision ${event.revision} has ${event.jobs} jobs, batch.json ${state.jobs.length}`);
  state.revision = event.revision;
  reopenBatch(state);
  return true;
}

/** When a batch ends its hosts are cleaned: their event files begin anew. */
function reopenBatch(state: BatchState): void {
  if (state.ended || state.stopping !== null) state.tally = { done: 0, failed: 0 };
  state.stopping = null;
  state.stopMode = null;
  if (!state.ended) return;
  state.ended = false;
  for (const known of [state.offsets, state.stores])
    for (const host of Object.keys(known)) delete known[host];
}

function refuse(state: BatchState, what: string): StateError {
  return new StateError('E_TRANSITION', { what, where: `batch ${state.batch}` });
}
