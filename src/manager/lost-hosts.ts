import { HostError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { isReachable } from '../queue/host-events.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import type { Result } from './conclude.js';
import { drawConclusions } from './draw-conclusions.js';
import type { RetryPolicy } from './retry-policy.js';
import type { Rule, RuleContext } from './rule.js';

interface LostHostsOptions {
  readonly lostAfterSecs: number;
  /** As the batch stands now. */
  readonly policy: () => RetryPolicy;
}

/**
 * Gives up what a host has that has been silent for so long, where the job may be repeated. Only on a person's word: as far as
 * anyone can tell, it still runs there. What the host tells of it later overwrites nothing that has begun.
 */
export class LostHosts implements Rule {
  readonly #context: RuleContext;
  readonly #options: LostHostsOptions;
  /** Since when a host that has something is silent, by `elapsed`; for ever young once it was given up. */
  readonly #since = new Map<string, number>();
  #cancelTimer: () => void = () => {};

  constructor(context: RuleContext, options: LostHostsOptions) {
    this.#context = context;
    this.#options = options;
  }

  decide(): readonly ManagerEvent[] {
    const { state, clock, notify } = this.#context;
    const { lostAfterSecs, policy } = this.#options;
    this.#cancelTimer();
    const lost = new Set<string>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const host of state.hosts) {
      const leftMs = lostAfterSecs * 1000 - this.#silentMs(host.name, isReachable(host) || host.handed === 0);
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else lost.add(host.name);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#cancelTimer = clock.after(Math.ceil(nextMs), notify);
    if (lost.size === 0) return [];
    for (const host of lost) this.#since.set(host, Number.POSITIVE_INFINITY);
    return drawConclusions(state, listLost(state, lost, lostAfterSecs), policy()).events;
  }

  close(): void {
    this.#cancelTimer();
  }

  /** Less than nothing for a host that nothing is waited for. */
  #silentMs(host: string, isFine: boolean): number {
    if (isFine) {
      this.#since.delete(host);
      return Number.NEGATIVE_INFINITY;
    }
    const now = this.#context.clock.elapsed();
    const since = this.#since.get(host) ?? now;
    this.#since.set(host, since);
    return now - since;
  }
}

/** Their repeatable attempts that may have succeeded, or have and nobody can fetch what they left. */
function listLost({ jobQueue }: BatchState, hosts: ReadonlySet<string>, lostAfterSecs: number): Result[] {
  return [...jobQueue.inState(STATE_UNKNOWN), ...jobQueue.inState(STATE_BUSY)].flatMap((job) =>
    liveAttempts(job)
      .filter(({ host, outcome }) => {
        const mayCount = outcome === null || outcome.kind === 'succeeded';
        return hosts.has(host) && mayCount && job.spec.repeatable;
      })
      .map((attempt) => {
        const what = `the host has not answered for ${lostAfterSecs} s`;
        const fault = new HostError('E_HOST_SILENT', { what, where: attempt.host }).toFault();
        return { kind: 'lost', job, attempt, fault };
      }),
  );
}
