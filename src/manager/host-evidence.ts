import type { Fault } from '../errors.js';
import type { Outcome } from '../events/outcome.js';

/** Attempts of other hosts that ended with an exit record. */
export interface Elsewhere {
  readonly succeeded: number;
  readonly failed: number;
}

/** A job that failed on a host soon after its start. */
export interface QuickFailure {
  readonly job: string;
  readonly attempt: string;
}

/** What speaks against a host, since the last thing that spoke for it. */
export class HostEvidence {
  /** Faults of the host or the link to it, in a row. */
  #faults: { readonly fault: Fault; readonly atMs: number }[] = [];
  /** Jobs that failed soon after their start, in a row, by attempt. */
  readonly #quick = new Map<string, QuickFailure>();
  /** How it stood elsewhere when that row began. */
  #since: Elsewhere = NOWHERE;

  /** Whether nothing speaks against it. */
  get isClean(): boolean {
    return this.#faults.length === 0 && this.#quick.size === 0;
  }

  get quickFailures(): readonly QuickFailure[] {
    return [...this.#quick.values()];
  }

  /** `atMs` is on the monotonic clock. */
  addFault(fault: Fault, atMs: number): void {
    const recent = this.#faults.filter((before) => atMs - before.atMs <= FAULT_WINDOW_MS);
    this.#faults = [...recent.slice(-MOST_FAULTS + 1), { fault, atMs }];
  }

  /** An attempt that ran to its end: so the host can run jobs. */
  addEnd(
    end: QuickFailure & { readonly outcome: Outcome; readonly wallMs: number },
    elsewhere: Elsewhere,
  ): void {
    if (this.#faults.length > 0) this.#faults = [];
    if (!isQuickFailure(end.outcome, end.wallMs)) this.#quick.clear();
    else {
      if (this.#quick.size === 0) this.#since = elsewhere;
      this.#quick.set(end.attempt, { job: end.job, attempt: end.attempt });
    }
  }

  clear(): void {
    this.#faults = [];
    this.#quick.clear();
  }

  /** The last of so many faults in a row that the host is to be set aside. */
  tooManyFaults(): Fault | null {
    return this.#faults.length >= MOST_FAULTS ? (this.#faults.at(-1)?.fault ?? null) : null;
  }

  /**
   * In words, why its quick failures are the host's and not the jobs'; null while that is not clear. `passed` tells of a
   * job whether it has succeeded on another host since.
   */
  suspicion(passed: (job: string) => boolean, elsewhere: Elsewhere): string | null {
    const failed = this.#quick.size;
    const succeeded = elsewhere.succeeded - this.#since.succeeded;
    const ended = succeeded + elsewhere.failed - this.#since.failed;
    // Where jobs fail everywhere, a row of them proves nothing.
    if (succeeded < USUAL_SUCCESS * ended) return null;
    const what = `${failed} jobs in a row failed here within ${QUICK_MS / 1000} s`;
    const proven = [...this.#quick.values()].filter(({ job }) => passed(job)).length;
    if (proven >= PROOFS) return `${what}, and ${proven} of them succeeded elsewhere`;
    const oddOneOut = failed >= LONG_ROW && succeeded >= LONG_ROW;
    return oddOneOut ? `${what}, while ${succeeded} of ${ended} succeeded elsewhere` : null;
  }
}

/** A failure that tells more of the place than of the job. Of an end that no event told, the run time is 0: not known. */
export function isQuickFailure({ kind }: Outcome, wallMs: number): boolean {
  return (kind === 'failed' || kind === 'killed') && wallMs > 0 && wallMs < QUICK_MS;
}

/** Whether the machine or the link is to blame. A reboot is told by the link that it cuts; a removal by a person. */
export function isHostFault({ domain, code }: Fault): boolean {
  if (code === 'E_REBOOTED' || code === 'E_HOST_REMOVED' || code === 'E_HOST_UNKNOWN') return false;
  return domain === 'host' || domain === 'transport' || code === 'E_START' || code === 'E_STORE_GONE';
}

/** So many quick failures in a row are suspicious by themselves. */
export const LONG_ROW = 5;

const NOWHERE: Elsewhere = { succeeded: 0, failed: 0 };
const MOST_FAULTS = 3;
const FAULT_WINDOW_MS = 10 * 60_000;
const QUICK_MS = 10_000;
const PROOFS = 3;
const USUAL_SUCCESS = 0.9;
