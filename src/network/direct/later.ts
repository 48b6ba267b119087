/** A value that is told from elsewhere. Nobody has to wait for it: a failure that nobody waits for is no uncaught one. */
export class Later<T = void> {
  tell: (value: T) => void = () => {};
  fail: (error: unknown) => void = () => {};
  readonly promise = new Promise<T>((resolve, reject) => {
    this.tell = resolve;
    this.fail = reject;
  });

  constructor() {
    this.promise.catch(() => {});
  }
}
