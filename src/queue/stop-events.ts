import type { ManagerEvent, Recorded } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { BatchState } from './batch-state.js';
import { type AttemptRecord, liveAttempts } from './job.js';
import { STATE_BUSY, STATE_UNKNOWN } from './states.js';

type StopEvent<K extends ManagerEvent['type']> = Recorded<Extract<ManagerEvent, { type: K }>>;

export function applyBatchStopping(state: BatchState, event: StopEvent<'batch.stopping'>): boolean {
  state.stopping = event.reason;
  state.stopMode = event.mode ?? 'leave';
  if (event.mode === 'kill') markHalted(state);
  return true;
}

/** All that hosts have. */
function markHalted({ jobQueue }: BatchState): void {
  for (const job of [...jobQueue.inState(STATE_BUSY), ...jobQueue.inState(STATE_UNKNOWN)]) {
    for (const attempt of liveAttempts(job)) attempt.halted = attempt.outcome === null;
  }
}

/** Whoever goes on with a batch that was stopped counts anew what ends: the stop was for what had ended by then. */
export function applyBatchResumed(state: BatchState): boolean {
  state.stopping = null;
  state.stopMode = null;
  state.tally = { done: 0, failed: 0 };
  return true;
}

/** It has had its time: that it is then ended on its host is no choice of a person. */
export function applyJobOverdue(state: BatchState, event: StopEvent<'job.overdue'>): boolean {
  const attempt = state.jobById.get(event.job)?.attempts.find(({ id }) => id === event.attempt);
  if (!attempt || attempt.outcome !== null || attempt.overdue) return false;
  attempt.overdue = true;
  return true;
}

/** How an attempt ended in our eyes: the host was told to end an overdue one, and knows no more than that. */
export function judgeEnd({ overdue }: AttemptRecord, outcome: Outcome): Outcome {
  return overdue && outcome.kind === 'cancelled' ? { kind: 'timed-out' } : outcome;
}
