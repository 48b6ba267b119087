import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';
import type { Rule } from './rule.js';

/** Asks back what waits in the backlog of a host that is held, draining or set aside: other hosts shall have it. */
export class RecallHeld implements Rule {
  readonly #state: BatchState;
  /** Whether a hold began, or a host came back, since the last look. */
  #due = true;

  constructor(state: BatchState) {
    this.#state = state;
  }

  observe({ type }: Recorded): void {
    if (BEGINS.has(type)) this.#due = true;
  }

  decide(): ManagerEvent[] {
    if (!this.#due) return [];
    this.#due = false;
    const held = new Set(this.#state.hosts.filter(isHeld).map(({ name }) => name));
    if (held.size === 0) return [];
    return this.#state.jobQueue.inState(STATE_BUSY).flatMap((job) => recalls(job, held));
  }
}

function recalls(job: Job, held: ReadonlySet<string>): ManagerEvent[] {
  return liveAttempts(job)
    .filter(({ host, startedAt, outcome, recalled }) => {
      return held.has(host) && startedAt === null && outcome === null && !recalled;
    })
    .map(({ id, host }) => ({ type: 'job.recalled', job: job.id, attempt: id, host }));
}

/** On a hold, and can be asked. */
function isHeld({ hold, state, handed, running }: HostRecord): boolean {
  return hold !== null && handed > running && (state === STATE_FREE || state === STATE_BUSY);
}

const BEGINS: ReadonlySet<string> = new Set<Recorded['type']>([
  'host.held',
  'host.draining',
  'host.set-aside',
  'host.ready',
]);
