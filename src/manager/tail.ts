import type { ManagerEvent, Recorded } from '../events/event.js';
import type { AttemptStatus } from '../network/network.js';
import { findByAttempt } from '../queue/find-by-attempt.js';
import { type AttemptRecord, type Job, liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import { countIdleSlots, hasBacklog, isDrained } from './idle-slots.js';
import { planCopies, type Running } from './plan-copies.js';
import type { Rule, RuleContext } from './rule.js';
import { RunTimes } from './run-times.js';

export interface TailOptions {
  /** At most so many copies of a job. */
  readonly copies: number;
  /** At most so many attempts handed out at once, when nobody says otherwise while the batch runs. */
  readonly maxRunning: number;
}

/** When nothing is left to start and hosts idle, copies the jobs that run too long to the fastest of them. */
export class Tail implements Rule {
  readonly #context: RuleContext;
  readonly #options: TailOptions;
  readonly #times: RunTimes;
  /** What runs, oldest first, and since when, by `elapsed`. */
  readonly #running = new Map<
    string,
    { readonly job: Job; readonly attempt: AttemptRecord; since: number }
  >();
  /** When hosts came or came back, by `elapsed`. */
  readonly #readyAt = new Map<string, number>();
  #cancelTimer: () => void = () => {};

  constructor(context: RuleContext, options: TailOptions) {
    this.#context = context;
    this.#options = options;
    this.#times = new RunTimes(context.state);
    this.#adopt();
  }

  observe(event: Recorded): void {
    if (event.type === 'host.ready') this.#readyAt.set(event.host, this.#context.clock.elapsed());
    if (event.type === 'job.started') this.#onStarted(event.attempt);
    if (event.type !== 'job.ended') return;
    this.#running.delete(event.attempt);
    if (event.outcome.kind === 'succeeded') this.#times.add(event.host, event.usage.wallMs);
  }

  decide(): readonly ManagerEvent[] {
    const { state, clock, notify } = this.#context;
    this.#cancelTimer();
    if (!isDrained(state, clock.now()) || countIdleSlots(state) === 0) return [];
    // What waits in a backlog is taken back first.
    if (state.hosts.some(hasBacklog)) return [];
    const { copies } = this.#options;
    const maxRunning = state.maxRunning ?? this.#options.maxRunning;
    const policy = { copies, maxRunning, times: this.#times, running: this.#listRunning() };
    const { events, nextMs } = planCopies(state, policy);
    // Whole milliseconds: a time shorter than the clock can tell would never be over.
    if (nextMs !== null) this.#cancelTimer = clock.after(Math.ceil(nextMs), notify);
    return events;
  }

  close(): void {
    this.#cancelTimer();
  }

  /** How long the host says that an attempt has run: the clock here may have been set since its start. */
  hear(statuses: ReadonlyMap<string, AttemptStatus>): void {
    const now = this.#context.clock.elapsed();
    for (const [id, status] of statuses) {
      const known = this.#running.get(id);
      if (known && status.state === 'busy' && status.ranMs !== undefined) known.since = now - status.ranMs;
    }
    const oldestFirst = [...this.#running].sort(([, a], [, b]) => a.since - b.since);
    this.#running.clear();
    for (const [id, known] of oldestFirst) this.#running.set(id, known);
  }

  /** In the order in which an earlier controller saw them start; for how long they have run their hosts say. */
  #adopt(): void {
    const { clock, state } = this.#context;
    const open = [...state.jobQueue.walk(STATE_BUSY), ...state.jobQueue.walk(STATE_UNKNOWN)];
    const started = open
      .flatMap((job) =>
        liveAttempts(job).map((attempt) => ({ job, attempt, startedAt: attempt.startedAt ?? 0 })),
      )
      .filter(({ startedAt, attempt }) => startedAt > 0 && attempt.outcome === null)
      .sort((a, b) => a.startedAt - b.startedAt);
    const since = clock.elapsed();
    for (const { job, attempt } of started) this.#running.set(attempt.id, { job, attempt, since });
  }

  #onStarted(id: string): void {
    const { clock, state } = this.#context;
    const found = findByAttempt(state, id);
    if (!found || this.#running.has(id)) return;
    // No spread: each would have a shape of its own, which is slow to make and large.
    const { job, attempt } = found;
    this.#running.set(id, { job, attempt, since: clock.elapsed() });
  }

  *#listRunning(): Generator<Running> {
    const now = this.#context.clock.elapsed();
    for (const [id, { job, attempt, since }] of this.#running) {
      // Given up while its host could not be asked.
      if (attempt.outcome !== null) {
        this.#running.delete(id);
        continue;
      }
      // While its host could not be asked it may have ended: that is told only after the host is back.
      const readyAt = this.#readyAt.get(attempt.host) ?? now;
      yield { job, attempt, ageMs: now - since, ranMs: now - Math.max(since, readyAt) };
    }
  }
}
