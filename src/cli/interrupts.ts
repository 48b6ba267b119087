import { setTimeout as sleep } from 'node:timers/promises';

/** A signal that asks the command to end. */
export type Interrupt = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Hears signals until `close`. The first and the second call different functions; later ones do nothing. */
export class Interrupts {
  /** The first signal, if one came. */
  first: Interrupt | null = null;
  readonly #listeners = new Map<Interrupt, () => void>();
  #count = 0;
  #second: Promise<void> | null = null;

  constructor(onFirst: (signal: Interrupt) => void, onSecond: () => Promise<void>) {
    for (const signal of SIGNALS) {
      const listener = (): void => {
        this.#count += 1;
        this.first ??= signal;
        if (this.#count === 1) onFirst(signal);
        if (this.#count === 2) this.#second = onSecond();
      };
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Waits so long for a second signal, and for what that one does. */
  async linger(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !this.#second; left -= 50) await sleep(50);
    await this.#second;
  }

  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}

const SIGNALS: readonly Interrupt[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
