import type { BatchState } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN } from '../queue/states.js';
import { wereTried } from './detach.js';
import type { SummaryKind } from './summary.js';

/** What tells whether a Manager is through. */
export interface EndFacts {
  readonly state: BatchState;
  /** Whether anything is under way between us and the hosts, jobs that run not counted. */
  readonly pending: boolean;
  /** Whether hosts are just ending attempts that are needed no more. */
  readonly ending: boolean;
  readonly stop: 'no' | 'stopping' | 'cancelling';
  /** Whether what is under way was waited for long enough after a stop. */
  readonly graceOver: boolean;
  /** Whether it ends when everything that hosts will take was handed over. */
  readonly detach: boolean;
  /** True when every host was tried and none has answered yet. */
  readonly neverReady: boolean;
}

/** Null while there is something to wait for. A host that was lost is waited for: its jobs may be running. */
export function findEnd({
  state,
  pending,
  ending,
  stop,
  graceOver,
  detach,
  neverReady,
}: EndFacts): SummaryKind | null {
  const { jobQueue } = state;
  const settled = jobQueue.count(STATE_DONE) + jobQueue.count(STATE_ERROR);
  if (settled === state.jobs.length) return ending && !graceOver ? null : 'complete';
  if (stop !== 'no' && graceOver) return 'stopped';
  if (pending) return null;
  if (stop === 'stopping') return 'stopped';
  if (stop === 'cancelling') return jobQueue.anyInState(STATE_BUSY) ? null : 'stopped';
  if (neverReady || state.hosts.every((host) => isOut(host.state))) {
    return jobQueue.anyInState(STATE_FREE) ? 'no-host' : 'incomplete';
  }
  if (isStranded(state)) return 'incomplete';
  return detach && wereTried(state) ? 'stopped' : null;
}

/** All that is left is with hosts that will not be asked again. */
function isStranded({ jobQueue, hostByName }: BatchState): boolean {
  if (jobQueue.anyInState(STATE_FREE) || jobQueue.anyInState(STATE_BUSY)) return false;
  return jobQueue.inState(STATE_UNKNOWN).every(({ host }) => isOut(hostByName.get(host ?? '')?.state));
}

function isOut(state: string | undefined): boolean {
  return state === STATE_ERROR || state === STATE_DONE;
}
