import type { ManagerEvent, Recorded } from '../events/event.js';
import type { AttemptRecord } from '../queue/job.js';
import { countIdleSlots, hasBacklog, isDrained } from './idle-slots.js';
import { planCopies } from './plan-copies.js';
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
  /** When attempts started, by `elapsed`. */
  readonly #startedAt = new Map<string, number>();
  /** When hosts came or came back, by `elapsed`. */
  readonly #readyAt = new Map<string, number>();
  #cancelTimer: () => void = () => {};

  constructor(context: RuleContext, options: TailOptions) {
    this.#context = context;
    this.#options = options;
    this.#times = new RunTimes(context.state);
  }

  observe(event: Recorded): void {
    if (event.type === 'host.ready') this.#readyAt.set(event.host, this.#context.clock.elapsed());
    if (event.type === 'job.started') this.#startedAt.set(event.attempt, this.#context.clock.elapsed());
    if (event.type !== 'job.ended') return;
    this.#startedAt.delete(event.attempt);
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
    const ranMs = (attempt: AttemptRecord): number => this.#ranMs(attempt);
    const { events, nextMs } = planCopies(state, { copies, maxRunning, times: this.#times, ranMs });
    // Whole milliseconds: a time shorter than the clock can tell would never be over.
    if (nextMs !== null) this.#cancelTimer = clock.after(Math.ceil(nextMs), notify);
    return events;
  }

  close(): void {
    this.#cancelTimer();
  }

  /** Time in which its host could not be asked does not count: what ended meanwhile is told only after the host is back. */
  #ranMs(attempt: AttemptRecord): number {
    const { clock } = this.#context;
    const readyAt = this.#readyAt.get(attempt.host) ?? clock.elapsed();
    return Math.min(this.#sinceStart(attempt), clock.elapsed() - readyAt);
  }

  /** By the wall clock for what an earlier controller saw start. */
  #sinceStart({ id, startedAt }: AttemptRecord): number {
    const { clock } = this.#context;
    const since = this.#startedAt.get(id);
    if (since !== undefined) return clock.elapsed() - since;
    return startedAt === null ? 0 : clock.now() - startedAt;
  }
}
