import { type Fault, JobError } from '../errors.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import { findAttempt, liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR } from '../queue/states.js';
import type { Rule, RuleContext } from './rule.js';

/**
 * Gives up all hosts when they have refused every start for ten minutes and nothing runs: a batch must not try for ever what no host will do.
 * Any start ends the wait.
 */
export class NoStart implements Rule {
  readonly #context: RuleContext;
  /** The first refusal since the last start, on the monotonic clock; null for none. */
  #sinceMs: number | null = null;
  #last: Fault | null = null;
  #cancelTimer: () => void = () => {};

  constructor(context: RuleContext) {
    this.#context = context;
  }

  observe(event: Recorded): void {
    if (event.type === 'job.started' || event.type === 'job.done') this.close();
    else if (event.type === 'job.requeued') this.#noteRefusal(event);
  }

  decide(): readonly ManagerEvent[] {
    const { state, clock } = this.#context;
    if (this.#sinceMs === null || this.#last === null || state.stopping !== null) return [];
    if (clock.elapsed() - this.#sinceMs < LIMIT_MS || this.#somethingRuns()) return [];
    const { what, where } = this.#last;
    const reason = `no host has started a job for ${LIMIT_MS / 60_000} minutes; the last that was tried, ${where}, said: ${what}`;
    this.close();
    return state.hosts
      .filter((host) => host.state !== STATE_DONE && host.state !== STATE_ERROR)
      .map(({ name }) => {
        const fault = new JobError('E_START', { what: reason, where: name }).toFault();
        return { type: 'host.failed', host: name, fault } as const;
      });
  }

  close(): void {
    this.#cancelTimer();
    this.#sinceMs = null;
    this.#last = null;
  }

  #noteRefusal({ job: id, attempt, reason }: Extract<Recorded, { type: 'job.requeued' }>): void {
    const job = this.#context.state.jobById.get(id);
    const record = job && findAttempt(job, attempt);
    const fault = 'kind' in reason ? (reason.kind === 'lost' ? reason.fault : null) : reason;
    if (fault === null || !record || record.startedAt !== null || fault.code === 'E_HOST_REMOVED') return;
    this.#last = fault;
    if (this.#sinceMs !== null) return;
    const { clock, notify } = this.#context;
    this.#sinceMs = clock.elapsed();
    this.#cancelTimer = clock.after(LIMIT_MS, notify);
  }

  #somethingRuns(): boolean {
    const busy = this.#context.state.jobQueue.inState(STATE_BUSY);
    return busy.some((job) => liveAttempts(job).some(({ startedAt }) => startedAt !== null));
  }
}

const LIMIT_MS = 10 * 60_000;
