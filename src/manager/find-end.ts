import type { StopMode } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { type Job, liveAttempts } from '../queue/job.js';
import { listLeftBehind } from '../queue/left-behind.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN } from '../queue/states.js';
import { wereTried } from './detach.js';
import type { Stopping } from './stopping.js';
import type { SummaryKind } from './summary.js';

/** What tells whether a Manager is through. */
export interface EndFacts {
  readonly state: BatchState;
  /** Whether anything is under way between us and the hosts, jobs that run not counted. */
  readonly pending: boolean;
  /** Whether hosts are just ending attempts that are needed no more. */
  readonly ending: boolean;
  /** Whether results are being fetched that an earlier controller had to leave on their hosts. */
  readonly fetching: boolean;
  readonly stopping: Pick<Stopping, 'mode' | 'byRule' | 'graceOver'>;
  /** Whether it ends when everything that hosts will take was handed over. */
  readonly detach: boolean;
  /** Whether hosts that cannot be asked were waited for as long as a person wants, with nothing else left. */
  readonly waitedEnough: boolean;
  /** True when every host was tried and none has answered yet. */
  readonly neverReady: boolean;
}

/** Whether a batch came to its end before, with nothing left on a host: there is nothing to ask a host for. */
export function isOver(state: BatchState): boolean {
  return state.ended && isSettled(state) && state.jobs.every(hasEnded) && listLeftBehind(state).length === 0;
}

function hasEnded({ attempts }: Job): boolean {
  return attempts.every(({ outcome }) => outcome !== null);
}

/** Null while there is something to wait for. A host that was lost is waited for: its jobs may be running. */
export function findEnd(facts: EndFacts): SummaryKind | null {
  const { state, pending, ending, fetching, stopping, detach, waitedEnough, neverReady } = facts;
  const { jobQueue } = state;
  const { mode, byRule, graceOver } = stopping;
  if (isSettled(state)) return (ending || fetching) && !graceOver ? null : 'complete';
  if (mode !== null) {
    const stopped = byRule ? 'halted' : 'stopped';
    return graceOver || (!pending && isLeft(state, mode)) ? stopped : null;
  }
  if (pending) return null;
  if (neverReady || state.hosts.every((host) => isOut(host.state))) {
    return jobQueue.anyInState(STATE_FREE) ? 'no-host' : 'incomplete';
  }
  if (waitedEnough || isStranded(state)) return 'incomplete';
  return detach && wereTried(state) ? 'stopped' : null;
}

function isSettled({ jobQueue, jobs }: BatchState): boolean {
  return jobQueue.count(STATE_DONE) + jobQueue.count(STATE_ERROR) === jobs.length;
}

/** Whether hosts have nothing more that a stop would wait for. */
function isLeft(state: BatchState, mode: StopMode): boolean {
  if (mode === 'leave') return true;
  if (state.jobQueue.anyInState(STATE_BUSY)) return false;
  return mode === 'kill' || isGone(state);
}

/** All that is left is with hosts that will not be asked again. */
function isStranded(state: BatchState): boolean {
  const { jobQueue } = state;
  return !jobQueue.anyInState(STATE_FREE) && !jobQueue.anyInState(STATE_BUSY) && isGone(state);
}

/** No host that has a job which is unknown will be asked again. */
function isGone({ jobQueue, hostByName }: BatchState): boolean {
  return jobQueue
    .inState(STATE_UNKNOWN)
    .every((job) => liveAttempts(job).every(({ host }) => isOut(hostByName.get(host)?.state)));
}

function isOut(state: string | undefined): boolean {
  return state === STATE_ERROR || state === STATE_DONE;
}
