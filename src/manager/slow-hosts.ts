import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { STATE_DONE } from '../queue/states.js';
import type { Rule } from './rule.js';

/** Marks hosts whose jobs take much longer than those of the others, and takes the mark back when that is over. */
export class SlowHosts implements Rule {
  readonly #state: BatchState;
  /** Run times of the jobs that succeeded last, by host, milliseconds. */
  readonly #times = new Map<string, number[]>();
  /** How many of them came since the host was last judged, and the hosts where they are enough. */
  readonly #fresh = new Map<string, number>();
  readonly #due = new Set<string>();
  /** Run times from all over a large pool, and how many jobs succeeded since they were gathered. */
  #sample: RunSample = { count: 0, medianMs: 0 };
  #sampleAge = 0;

  /** Begins with what the state knows of the jobs that are done. */
  constructor(state: BatchState) {
    this.#state = state;
    for (const job of state.jobs) this.#note(job);
  }

  observe(event: Recorded): void {
    if (event.type !== 'job.done') return;
    const job = this.#state.jobById.get(event.job);
    if (job) this.#note(job);
  }

  decide(): ManagerEvent[] {
    if (this.#due.size === 0) return [];
    const due = [...this.#due];
    this.#due.clear();
    for (const host of due) this.#fresh.delete(host);
    return due.flatMap((name) => {
      const host = this.#state.hostByName.get(name);
      return host && host.state !== STATE_DONE ? this.#judge(host) : [];
    });
  }

  #note({ state, decidedBy }: Job): void {
    if (state !== STATE_DONE || !decidedBy?.usage) return;
    const { host, usage } = decidedBy;
    // Of an end that no event told, the run time is not known.
    if (usage.wallMs <= 0) return;
    const times = this.#times.get(host) ?? [];
    times.push(usage.wallMs);
    if (times.length > WINDOW) times.shift();
    this.#times.set(host, times);
    const fresh = (this.#fresh.get(host) ?? 0) + 1;
    this.#fresh.set(host, fresh);
    if (fresh >= ENOUGH) this.#due.add(host);
    this.#sampleAge += 1;
  }

  #judge({ name, slow }: HostRecord): ManagerEvent[] {
    const own = sampleOf(this.#times.get(name) ?? []);
    // It cannot be slower by more than it takes: the common case of short jobs, which has to be cheap.
    if (slow === null && own.medianMs < LEAST_DIFFERENCE_MS) return [];
    const ratio = compareSpeed(own, this.#others(name));
    if (slow === null && ratio !== null && ratio > SLOW)
      return [{ type: 'host.slowed', host: name, ratio: Math.round(ratio * 100) / 100 }];
    return slow !== null && (ratio ?? 1) < RECOVERED ? [{ type: 'host.recovered', host: name }] : [];
  }

  /** Of a large pool a host is so small a part that one sample serves them all, until as many new run times have come. */
  #others(name: string): RunSample {
    if (this.#times.size <= SMALL_POOL)
      return sampleOf([...this.#times].flatMap(([host, times]) => (host === name ? [] : times)));
    if (this.#sampleAge > this.#sample.count) {
      const each = Math.ceil(SAMPLE / this.#times.size);
      this.#sample = sampleOf([...this.#times.values()].flatMap((times) => times.slice(-each)));
      this.#sampleAge = 0;
    }
    return this.#sample;
  }
}

/**
 * The median of `own` run times over that of the others'; null when there are too few of them to tell. A
 * difference below a tenth of a second counts as none.
 */
export function compareSpeed(own: RunSample, others: RunSample): number | null {
  if (own.count < ENOUGH || others.count < ENOUGH) return null;
  const [mine, theirs] = [own.medianMs, others.medianMs];
  // Under a millisecond nothing is known; and no journal can hold an endless ratio.
  return Math.abs(mine - theirs) < LEAST_DIFFERENCE_MS ? 1 : mine / Math.max(theirs, 1);
}

/** Some run times in short. */
export interface RunSample {
  readonly count: number;
  /** 0 when there are none. */
  readonly medianMs: number;
}

export function sampleOf(times: readonly number[]): RunSample {
  const sorted = new Float64Array(times).sort();
  return { count: sorted.length, medianMs: sorted[sorted.length >> 1] ?? 0 };
}

const WINDOW = 20;
const SMALL_POOL = 20;
/** At least so many run times tell how fast a large pool is. */
const SAMPLE = 400;
const ENOUGH = 5;
const SLOW = 1.5;
const RECOVERED = 1.2;
const LEAST_DIFFERENCE_MS = 100;
