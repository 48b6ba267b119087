import type { Fault } from '../errors.js';
import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { isReachable } from '../queue/host-events.js';
import { type AttemptRecord, findAttempt } from '../queue/job.js';
import { STATE_UNKNOWN } from '../queue/states.js';
import { describeOutcome } from './log-line.js';
import { nameHost } from './name-host.js';
import { planDrain } from './plan-drain.js';
import type { Rule } from './rule.js';

/**
 * Stops a new batch in which nothing can be started: every one of the first launches failed on every host that answers, before
 * any job got going. A job that runs and fails by its own exit code shows that jobs can be started, and ends the watch.
 */
export class StartCheck implements Rule {
  readonly #state: BatchState;
  /** The first launches, by attempt, with what came of them; null until it came. */
  readonly #first = new Map<string, AttemptRecord | null>();
  #isOpen = true;
  #isOver = false;
  #tried = 0;

  constructor(state: BatchState) {
    this.#state = state;
    this.#isOver = state.seq > 0;
  }

  observe(event: Recorded): void {
    if (this.#isOver) return;
    if (event.type === 'job.done') this.#isOver = true;
    else if (event.type === 'job.launched') this.#onLaunched(event.attempt);
    else if (event.type === 'job.failed' || event.type === 'job.requeued') this.#onFailed(event);
  }

  decide(): readonly ManagerEvent[] {
    if (this.#isOver || !this.#isHopeless()) return [];
    this.#isOver = true;
    return [{ type: 'batch.stopping', reason: this.#describe(), mode: 'drain' }, ...planDrain(this.#state)];
  }

  #onLaunched(attempt: string): void {
    if (attempt.endsWith('.1')) this.#tried += 1;
    if (this.#isOpen || this.#first.size < FEWEST) this.#first.set(attempt, null);
  }

  #onFailed({ job: id, attempt: of }: { readonly job: string; readonly attempt: string }): void {
    const job = this.#state.jobById.get(id);
    const attempt = job && findAttempt(job, of);
    if (!attempt?.outcome) return;
    this.#isOpen = false;
    const { kind } = attempt.outcome;
    if (kind === 'recalled' || kind === 'cancelled') this.#first.delete(of);
    else if (!isStartFailure(attempt)) this.#isOver = true;
    else if (this.#first.has(of)) this.#first.set(of, attempt);
  }

  #isHopeless(): boolean {
    const { stopping, hosts, jobs } = this.#state;
    const failures = [...this.#first.values()];
    if (stopping !== null || failures.length < FEWEST || failures.includes(null)) return false;
    const blamed = new Set(failures.map((attempt) => attempt?.host));
    const isOut = hosts.every((host) =>
      // One that is still being connected to may be the one that works.
      host.state === STATE_UNKNOWN ? host.fault !== null : !isReachable(host) || blamed.has(host.name),
    );
    return isOut && this.#tried < jobs.length;
  }

  #describe(): string {
    const causes = new Map<string, number>();
    for (const attempt of this.#first.values()) {
      const cause = attempt ? `${nameCause(attempt)} on ${nameHost(attempt.host)}` : '';
      causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
    const sorted = [...causes].sort(([, a], [, b]) => b - a);
    const listed = sorted.slice(0, MOST_CAUSES).map(([cause, count]) => `${count}× ${cause}`);
    const left = sorted.length - listed.length;
    const more = left > 0 ? ` and ${left} more kinds of failure` : '';
    return `none of the first ${this.#first.size} launches came to anything: ${listed.join('; ')}${more}`;
  }
}

/** The host refused it, could not start it, or its shell could not find or run the command. */
function isStartFailure({ outcome, startedAt, usage }: AttemptRecord): boolean {
  if (outcome?.kind === 'lost') return startedAt === null && outcome.fault.code !== 'E_HOST_REMOVED';
  const isEarly = (usage?.wallMs ?? 0) < EARLY_MS;
  return outcome?.kind === 'failed' && (outcome.code === CANNOT_RUN || outcome.code === NOT_FOUND) && isEarly;
}

function nameCause({ outcome, fault }: AttemptRecord): string {
  const describe = ({ what, code }: Fault): string => `${what} (${code})`;
  if (fault) return describe(fault);
  return outcome?.kind === 'lost' ? describe(outcome.fault) : outcome ? describeOutcome(outcome) : '';
}

const FEWEST = 3;
const EARLY_MS = 5_000;
const CANNOT_RUN = 126;
const NOT_FOUND = 127;
const MOST_CAUSES = 4;
