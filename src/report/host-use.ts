import type { Hold, HostRecord } from '../queue/batch-state.js';
import type { AttemptRecord } from '../queue/job.js';
import type { State } from '../queue/states.js';
import { noteHost } from './host-note.js';

/** What a host did in a batch. */
export interface HostUse {
  readonly name: string;
  readonly state: State;
  /** What is out of the ordinary, with the reason: it is held, set aside, slow, unreachable. */
  readonly note: string | null;
  /** Why it gets nothing new. */
  readonly hold: Hold | null;
  /** How many times as long its jobs take as those of the others; null unless it is slow. */
  readonly slow: number | null;
  /** Attempts handed to it. */
  readonly given: number;
  /** Jobs that succeeded there. */
  readonly done: number;
  /** Jobs that failed there for good. */
  readonly failed: number;
  /** Run times of its attempts together, milliseconds. */
  readonly busyMs: number;
  /** Of one attempt; null when none has ended. */
  readonly meanMs: number | null;
}

/** Adds up attempts by host. */
export class HostTotals {
  readonly #hosts: readonly HostRecord[];
  readonly #sums: ReadonlyMap<string, Sum>;

  constructor(hosts: readonly HostRecord[]) {
    this.#hosts = hosts;
    this.#sums = new Map(hosts.map(({ name }) => [name, { given: 0, measured: 0, busyMs: 0 }]));
  }

  /** One that was taken back before it started has no run time. */
  add({ host, usage, outcome }: AttemptRecord): void {
    const sum = this.#sums.get(host);
    if (!sum) return;
    sum.given += 1;
    if (!usage || outcome?.kind === 'recalled') return;
    sum.measured += 1;
    sum.busyMs += usage.wallMs;
  }

  result(): HostUse[] {
    return this.#hosts.map((host) => {
      const { name, state, hold, slow, done, failed } = host;
      const { given, measured, busyMs } = this.#sums.get(name) ?? NOTHING;
      const meanMs = measured > 0 ? busyMs / measured : null;
      return { name, state, note: noteHost(host), hold, slow, given, done, failed, busyMs, meanMs };
    });
  }
}

interface Sum {
  given: number;
  /** Attempts that ended and were measured. */
  measured: number;
  busyMs: number;
}

const NOTHING: Readonly<Sum> = { given: 0, measured: 0, busyMs: 0 };
