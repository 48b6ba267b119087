/** Tells events to listeners, in the order of subscribing. A listener that throws harms neither the others nor the teller. */
export class EventBus<E> {
  readonly #listeners = new Set<(event: E) => void>();
  readonly #onError: (error: unknown, event: E) => void;

  /** `onError` hears what a listener threw. */
  constructor(onError: (error: unknown, event: E) => void) {
    this.#onError = onError;
  }

  /** The answer unsubscribes. The same function may subscribe more than once. */
  subscribe(listener: (event: E) => void): () => void {
    const own = (event: E): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  emit(event: E): void {
    for (const listener of this.#listeners) this.#tell(listener, event);
  }

  #tell(listener: (event: E) => void, event: E): void {
    try {
      listener(event);
    } catch (error) {
      this.#onError(error, event);
    }
  }
}
