import type { Clock } from '../clock.js';
import { HostError } from '../errors.js';
import type { Recorded } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { Attempt, AttemptStatus, Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { findByAttempt } from '../queue/find-by-attempt.js';
import { attemptsOn, findHost, isReachable } from '../queue/host-events.js';
import { listOpenAttempts } from './attempt.js';
import { SilentEnds } from './silent-ends.js';

interface AskedEndsOptions {
  readonly batch: string;
  readonly state: BatchState;
  readonly network: Network;
  readonly clock: Clock;
  /** Called when there may be something to take. */
  readonly onFound: () => void;
}

/**
 * Ends that hosts tell when they are asked. An attempt whose host has lost what it kept of it is lost after a reboot; else as soon as no
 * process of it lives there any more, which is asked until it is so.
 */
export class AskedEnds {
  readonly #options: AskedEndsOptions;
  readonly #polls = new SilentEnds();
  readonly #looks = new SilentEnds();
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(options: AskedEndsOptions) {
    this.#options = options;
  }

  /** Asks how these attempts stand. */
  async poll(open: readonly Attempt[]): Promise<ReadonlyMap<string, AttemptStatus>> {
    const statuses = open.length > 0 ? await this.#options.network.getJobStatus(open) : new Map();
    this.#polls.note(statuses);
    this.#options.onFound();
    return statuses;
  }

  /** What was found since the last call. */
  take(): ReadonlyMap<string, Outcome> {
    return new Map([...this.#polls.take(), ...this.#looks.take()]);
  }

  act(event: Recorded): void {
    if (event.type !== 'host.ready') return;
    const { state, onFound } = this.#options;
    for (const { id, host, orphaned } of attemptsOn(state, findHost(state, event.host))) {
      if (orphaned === 'rebooted') this.#looks.add(id, { kind: 'lost', fault: rebooted(host) });
      else if (orphaned === 'yes') this.#lookSoon(0);
    }
    onFound();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  #lookSoon(waitMs: number): void {
    if (!this.#closed) this.#cancelTimer ??= this.#options.clock.after(waitMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { network, onFound } = this.#options;
    const orphans = this.#list();
    // A host that cannot be asked now says so by an event.
    if (orphans.length > 0) this.#looks.note(await network.getJobStatus(orphans).catch(() => new Map()));
    onFound();
    this.#cancelTimer = null;
    if (orphans.length > 0) this.#lookSoon(LOOK_MS);
  }

  #list(): Attempt[] {
    const { batch, state } = this.#options;
    return listOpenAttempts(batch, state).filter(
      ({ id, host }) =>
        findByAttempt(state, id)?.attempt.orphaned === 'yes' && isReachable(findHost(state, host)),
    );
  }
}

function rebooted(where: string) {
  const what = 'the host was started anew, and what it kept of the batch is gone';
  return new HostError('E_REBOOTED', { what, where }).toFault();
}

const LOOK_MS = 5_000;
