import { StateError } from '../errors.js';
import type { GpoolEvent } from '../events/event.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE, STATE_UNKNOWN, type State } from './states.js';

/** What moves a job or a host from one state to another: an event, or the count of taken slots. */
export type Cause = GpoolEvent['type'] | 'slot.taken' | 'slot.freed';

/** For each state, the states that each cause may lead to. What is not listed cannot happen. */
export type TransitionTable = Readonly<Record<State, Readonly<Partial<Record<Cause, readonly State[]>>>>>;

/** A job that is launched on a host just lost is unknown at once. */
export const JOB_TRANSITIONS: TransitionTable = {
  [STATE_FREE]: {
    'job.launched': [STATE_BUSY, STATE_UNKNOWN],
    'job.cancelling': [STATE_ERROR],
    'job.returned': [STATE_BUSY],
  },
  [STATE_BUSY]: {
    'job.done': [STATE_DONE],
    'job.failed': [STATE_ERROR],
    'job.requeued': [STATE_FREE],
    'job.copied': [STATE_BUSY],
    'job.returned': [STATE_BUSY],
    'job.dropped': [STATE_BUSY, STATE_UNKNOWN],
    'host.lost': [STATE_UNKNOWN],
    'host.failed': [STATE_UNKNOWN],
  },
  [STATE_UNKNOWN]: {
    'job.done': [STATE_DONE],
    'job.failed': [STATE_ERROR],
    'job.requeued': [STATE_FREE],
    'job.dropped': [STATE_UNKNOWN],
    'job.returned': [STATE_BUSY],
    'host.ready': [STATE_BUSY],
  },
  [STATE_DONE]: { 'job.reopened': [STATE_FREE] },
  [STATE_ERROR]: { 'job.reopened': [STATE_FREE], 'job.collected': [STATE_DONE, STATE_ERROR] },
};

/** A host begins as unknown: it was not asked yet. */
export const HOST_TRANSITIONS: TransitionTable = {
  [STATE_UNKNOWN]: {
    'host.ready': [STATE_FREE, STATE_BUSY],
    'host.lost': [STATE_UNKNOWN],
    'host.failed': [STATE_ERROR],
    'host.drained': [STATE_DONE],
    'host.removed': [STATE_DONE],
  },
  [STATE_FREE]: {
    'slot.taken': [STATE_BUSY],
    'host.ready': [STATE_FREE, STATE_BUSY],
    'host.lost': [STATE_UNKNOWN],
    'host.failed': [STATE_ERROR],
    'host.drained': [STATE_DONE],
    'host.removed': [STATE_DONE],
  },
  [STATE_BUSY]: {
    'slot.freed': [STATE_FREE],
    'host.ready': [STATE_FREE, STATE_BUSY],
    'host.lost': [STATE_UNKNOWN],
    'host.failed': [STATE_ERROR],
    'host.drained': [STATE_DONE],
    'host.removed': [STATE_DONE],
  },
  [STATE_ERROR]: {
    'host.ready': [STATE_FREE, STATE_BUSY],
    'host.lost': [STATE_UNKNOWN],
    'host.failed': [STATE_ERROR],
    'host.drained': [STATE_DONE],
    'host.removed': [STATE_DONE],
  },
  [STATE_DONE]: { 'host.added': [STATE_UNKNOWN] },
};

/** Throws a StateError (E_TRANSITION) when the table does not list the step. */
export function checkTransition(table: TransitionTable, step: Step): void {
  if (table[step.from][step.cause]?.includes(step.to)) return;
  const what = `${step.cause} cannot lead from ${step.from} to ${step.to}`;
  throw new StateError('E_TRANSITION', { what, where: step.where() });
}

/** One change of state; `where` names its object, only asked for when it is refused. */
export interface Step {
  readonly from: State;
  readonly to: State;
  readonly cause: Cause;
  readonly where: () => string;
}
