/** Wakes one waiting loop. A notice that comes while nobody waits is kept for the next wait. */
export class Signal {
  #raised = false;
  #wake: (() => void) | null = null;

  notify(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Resolves at the next notice, or at once when there was one since the last wait. */
  async wait(): Promise<void> {
    if (!this.#raised) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#raised = false;
    this.#wake = null;
  }
}
