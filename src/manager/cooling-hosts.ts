import type { Clock } from '../clock.js';
import type { Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';

/**
 * Hosts that were set aside and may be tried now. Waits on the monotonic clock: the wall clock is asked only how long
 * there is still to wait, and not believed when that is longer than such a wait ever is.
 */
export class CoolingHosts {
  /** Those whose time is over. */
  readonly ready = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  readonly #clock: Clock;
  readonly #onReady: () => void;

  /** Takes up what the state has from an earlier Manager. */
  constructor({ hosts }: BatchState, clock: Clock, onReady: () => void) {
    this.#clock = clock;
    this.#onReady = onReady;
    for (const { name, hold, setAsides } of hosts)
      if (hold?.kind === 'set-aside') this.#cool(name, hold.untilMs, coolingMs(setAsides - 1, 1));
  }

  /** Every event of the pool ends the waiting but a new setting aside. */
  observe(event: Recorded): void {
    if (event.type === 'host.set-aside') this.#cool(event.host, event.untilMs);
    else if (OVER.has(event.type) && 'host' in event) this.#forget(event.host);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #cool(host: string, untilMs: number, mostMs = LONGEST_COOLING_MS): void {
    this.#forget(host);
    const ms = Math.min(Math.max(0, untilMs - this.#clock.now()), mostMs);
    const done = (): void => {
      this.#timers.delete(host);
      this.ready.add(host);
      this.#onReady();
    };
    this.#timers.set(host, this.#clock.after(ms, done));
  }

  #forget(host: string): void {
    this.#timers.get(host)?.();
    this.#timers.delete(host);
    this.ready.delete(host);
  }
}

/** How long a host is set aside: so long at first, twice as long each time that trying it fails, with a fifth by chance. */
export function coolingMs(setAsides: number, random: number): number {
  const ms = Math.min(FIRST_COOLING_MS * 2 ** setAsides, LONGEST_COOLING_MS / (1 + JITTER));
  return Math.round(ms * (1 + JITTER * random));
}

const FIRST_COOLING_MS = 30_000;
const LONGEST_COOLING_MS = 36 * 60_000;
const JITTER = 0.2;
const OVER: ReadonlySet<string> = new Set<Recorded['type']>([
  'host.released',
  'host.readmitted',
  'host.held',
  'host.draining',
  'host.drained',
  'host.removed',
]);
