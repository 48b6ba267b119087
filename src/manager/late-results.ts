import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { findByAttempt } from '../queue/find-by-attempt.js';
import { type AttemptRecord, type Job, liveAttempts } from '../queue/job.js';
import { isSettled, mayReturn } from '../queue/returned-attempts.js';
import type { Rule } from './rule.js';

/**
 * Good results of attempts that counted as lost: when the host is back before another attempt of the job has begun, its result
 * counts, and what was to replace it is asked back. A result that comes later overwrites nothing.
 */
export class LateResults implements Rule {
  readonly #state: BatchState;
  /** Jobs that have an attempt which may return. */
  readonly #lost: Set<Job>;
  /** Whether one of them may have returned since the last look. */
  #isNews = true;

  /** Takes up what an earlier controller counted as lost. O(jobs). */
  constructor(state: BatchState) {
    this.#state = state;
    this.#lost = new Set(state.jobs.filter((job) => !isSettled(job) && job.attempts.some(isGivenUp)));
  }

  observe(event: Recorded): void {
    const { jobById } = this.#state;
    if (event.type === 'job.requeued' || event.type === 'job.dropped') {
      const job = jobById.get(event.job);
      if (job?.attempts.some(isGivenUp)) this.#lost.add(job);
      this.#isNews = true;
    } else if (event.type === 'host.ready') this.#isNews = true;
    else if (event.type === 'job.ended' && this.#lost.size > 0)
      this.#isNews ||= Boolean(findByAttempt(this.#state, event.attempt)?.attempt.late);
  }

  decide(): readonly ManagerEvent[] {
    if (!this.#isNews || this.#lost.size === 0) return [];
    this.#isNews = false;
    for (const job of this.#lost) if (isSettled(job)) this.#lost.delete(job);
    return [...this.#lost].flatMap((job) => planReturn(this.#state, job));
  }
}

/** The first attempt of the job that may return, and the recall of what was to replace it. Changes nothing. */
export function planReturn(state: BatchState, job: Job): ManagerEvent[] {
  const attempt = job.attempts.find((each) => mayReturn(state, job, each));
  if (!attempt) return [];
  const replacing = liveAttempts(job).filter(({ outcome, recalled }) => outcome === null && !recalled);
  return [
    { type: 'job.returned', job: job.id, attempt: attempt.id },
    ...replacing.map(
      ({ id, host }): ManagerEvent => ({ type: 'job.recalled', job: job.id, attempt: id, host }),
    ),
  ];
}

/** Counted as lost, or its results did: its host may think otherwise. */
function isGivenUp({ settled, outcome, fault }: AttemptRecord): boolean {
  return settled && (outcome?.kind === 'lost' || (outcome?.kind === 'succeeded' && fault !== null));
}
