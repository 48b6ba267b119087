import type { BatchState } from '../queue/batch-state.js';
import { tellingAttempt } from '../queue/job.js';
import type { JobSpec } from '../spec/job-spec.js';
import { MOST_LIMIT_SECS } from '../spec/time-limit.js';
import { JobTime } from './job-time.js';

/** Time limits that depend on the median run time of the jobs that succeeded, the last hundred of them. */
export class MedianLimits {
  readonly #time = new JobTime(WINDOW);
  #count = 0;

  /** Whether any job has such a limit. */
  readonly isUsed: boolean;

  /** Takes up what the batch knows already. O(jobs). */
  constructor({ jobs }: BatchState) {
    this.isUsed = jobs.some(({ spec }) => spec.limits.timeoutPercent !== undefined);
    if (!this.isUsed) return;
    for (const job of jobs) {
      const attempt = tellingAttempt(job);
      if (attempt?.outcome?.kind === 'succeeded' && attempt.usage) this.add(attempt.usage.wallMs);
    }
  }

  /** A job succeeded after so many milliseconds. */
  add(ms: number): void {
    if (!this.isUsed) return;
    this.#count += 1;
    this.#time.add(ms);
  }

  /** Whole seconds, at least one; null for a job without such a limit, and as long as too few have succeeded. */
  secsFor({ limits }: JobSpec): number | null {
    const { medianMs } = this.#time;
    if (limits.timeoutPercent === undefined || medianMs === null || this.#count < FEWEST) return null;
    return Math.min(MOST_LIMIT_SECS, Math.max(1, Math.ceil((medianMs * limits.timeoutPercent) / 100_000)));
  }

  /** The spec with its limit in seconds, as a host can enforce it. */
  apply(spec: JobSpec): JobSpec {
    const secs = this.secsFor(spec);
    if (secs === null) return spec;
    const { timeoutSecs = secs, warn } = spec.limits;
    const limit = Math.min(secs, timeoutSecs);
    // A warning that would come before the start is none.
    return { ...spec, limits: { timeoutSecs: limit, ...(warn && warn.secs < limit && { warn }) } };
  }
}

const WINDOW = 101;
const FEWEST = 3;
