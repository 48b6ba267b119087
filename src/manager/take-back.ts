import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { type AttemptRecord, type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY } from '../queue/states.js';
import { countIdleSlots, hasBacklog, isDrained } from './idle-slots.js';
import { JobTime } from './job-time.js';
import type { Rule, RuleContext } from './rule.js';

/**
 * Takes attempts back that wait in the backlog of one host while others idle. Patient: a backlog of short jobs is gone before
 * it could be moved. The host's word decides: what has begun meanwhile stays where it is.
 */
export class TakeBack implements Rule {
  readonly #context: RuleContext;
  readonly #jobTime = new JobTime();
  /** Since when there was something to take back, by `elapsed`. */
  #since: number | null = null;
  #cancelTimer: () => void = () => {};

  constructor(context: RuleContext) {
    this.#context = context;
  }

  observe(event: Recorded): void {
    if (event.type === 'job.ended' && event.outcome.kind === 'succeeded')
      this.#jobTime.add(event.usage.wallMs);
  }

  decide(): readonly ManagerEvent[] {
    const { clock, notify, state } = this.#context;
    const idle = isDrained(state, clock.now()) ? countIdleSlots(state) : 0;
    this.#cancelTimer();
    if (idle === 0 || !state.hosts.some(hasBacklog)) {
      this.#since = null;
      return [];
    }
    this.#since ??= clock.elapsed();
    const leftMs = PATIENCE_MS - (clock.elapsed() - this.#since);
    if (leftMs <= 0) this.#since = clock.elapsed();
    this.#cancelTimer = clock.after(Math.ceil(leftMs > 0 ? leftMs : PATIENCE_MS), notify);
    return leftMs > 0 ? [] : planRecalls(state, idle * this.#perSlot());
  }

  close(): void {
    this.#cancelTimer();
  }

  /** As many as an idle slot can run until there may be a next round. */
  #perSlot(): number {
    return Math.ceil(PATIENCE_MS / Math.max(this.#jobTime.medianMs ?? PATIENCE_MS, 1));
  }
}

/** At most `most` attempts, those first that would wait longest: the last ones of the longest backlogs. Changes nothing. */
export function planRecalls(state: BatchState, most: number): ManagerEvent[] {
  return listWaiting(state)
    .sort((a, b) => b.depth - a.depth)
    .slice(0, most)
    .map(({ job, attempt: { id, host } }) => ({ type: 'job.recalled', job: job.id, attempt: id, host }));
}

interface Waiting {
  readonly job: Job;
  readonly attempt: AttemptRecord;
  /** Its place in the backlog, by slots of its host. */
  readonly depth: number;
}

function listWaiting({ jobQueue, hosts }: BatchState): Waiting[] {
  const places = new Map(hosts.filter(hasBacklog).map(({ name, slots }) => [name, { slots, taken: 0 }]));
  const waiting: Waiting[] = [];
  for (const job of jobQueue.walk(STATE_BUSY)) {
    for (const attempt of liveAttempts(job)) {
      const place = places.get(attempt.host);
      if (!place || attempt.outcome !== null) continue;
      place.taken += 1;
      if (attempt.startedAt !== null || attempt.recalled || job.paused) continue;
      if (place.taken > (place.slots ?? 0))
        waiting.push({ job, attempt, depth: place.taken / (place.slots || 1) });
    }
  }
  return waiting;
}

const PATIENCE_MS = 1_000;
