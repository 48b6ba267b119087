/** Lets many waits fail at once when the one thing they all depend on has failed, and holds on to none that has settled. */
export class Fuse {
  #error: Error | undefined;
  readonly #waiting = new Set<(error: Error) => void>();

  get error(): Error | undefined {
    return this.#error;
  }

  /** The first error counts; later ones follow from it. */
  blow(error: Error): void {
    this.#error ??= error;
    for (const reject of this.#waiting) reject(this.#error);
    this.#waiting.clear();
  }

  /** Waits for `work`, or fails with the fuse. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#error) reject(this.#error);
      else this.#waiting.add(reject);
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}
