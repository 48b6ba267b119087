import { parseAttemptId } from '../events/attempt-id.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { AttemptStatus } from '../network/network.js';
import type { Job } from '../queue/job.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import type { MedianLimits } from './median-limits.js';
import type { Rule, RuleContext } from './rule.js';

/** Finds attempts that run longer than the median allows and were handed over before that was known. */
export class Overdue implements Rule {
  readonly #context: RuleContext;
  readonly #limits: MedianLimits;
  /** Since when the attempts run, by `elapsed`. */
  readonly #running = new Map<string, { readonly job: Job; readonly since: number }>();
  #cancelTimer: () => void = () => {};

  /** Takes up what runs already. For how long their hosts say: the clock here may have been set since. */
  constructor(context: RuleContext, limits: MedianLimits) {
    this.#context = context;
    this.#limits = limits;
    const { clock, state } = context;
    for (const job of [...state.jobQueue.inState(STATE_BUSY), ...state.jobQueue.inState(STATE_UNKNOWN)]) {
      for (const { id, startedAt, outcome } of liveAttempts(job)) {
        if (startedAt === null || outcome !== null) continue;
        this.#running.set(id, { job, since: clock.elapsed() });
      }
    }
  }

  observe(event: Recorded): void {
    if (event.type === 'job.ended') {
      this.#running.delete(event.attempt);
      if (event.outcome.kind === 'succeeded') this.#limits.add(event.usage.wallMs);
    }
    if (event.type !== 'job.started') return;
    const job = this.#context.state.jobById.get(parseAttemptId(event.attempt).job);
    if (job) this.#running.set(event.attempt, { job, since: this.#context.clock.elapsed() });
  }

  hear(statuses: ReadonlyMap<string, AttemptStatus>): void {
    const now = this.#context.clock.elapsed();
    for (const [id, status] of statuses) {
      const known = this.#running.get(id);
      if (known && status.state === 'busy' && status.ranMs !== undefined)
        this.#running.set(id, { ...known, since: now - status.ranMs });
    }
  }

  decide(): readonly ManagerEvent[] {
    const events: ManagerEvent[] = [];
    const now = this.#context.clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    for (const [attempt, { job, since }] of this.#running) {
      const limitSecs = this.#limits.secsFor(job.spec);
      if (limitSecs === null || job.paused) continue;
      const left = since + limitSecs * 1000 + SLACK_MS - now;
      if (left > 0) next = Math.min(next, left);
      else events.push({ type: 'job.overdue', job: job.id, attempt, limitSecs });
    }
    for (const event of events) if (event.type === 'job.overdue') this.#running.delete(event.attempt);
    this.#wake(next);
    return events;
  }

  close(): void {
    this.#cancelTimer();
  }

  #wake(ms: number): void {
    const { clock, notify } = this.#context;
    this.#cancelTimer();
    // Whole milliseconds: a time shorter than the clock can tell would never be over.
    if (ms < Number.POSITIVE_INFINITY)
      this.#cancelTimer = clock.after(Math.min(Math.ceil(ms), LONGEST_WAIT_MS), notify);
  }
}

/** A host that was given the limit comes first. */
const SLACK_MS = 2_000;
/** Timers cannot be longer than 24 days. */
const LONGEST_WAIT_MS = 3_600_000;
