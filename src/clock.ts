/** Time as a parameter: the system's clock in life, a manual one in tests and simulations. */
export interface Clock {
  /** Wall clock in milliseconds since 1970; may jump. For stamps only. */
  now(): number;
  /** Monotonic milliseconds; for durations and deadlines. */
  elapsed(): number;
  /** Calls back once after `ms`; the answer cancels it. Does not keep the process alive when `unref` is set. */
  after(ms: number, callback: () => void, options?: { readonly unref?: boolean }): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback, { unref = false } = {}) {
    const timer = setTimeout(callback, ms);
    if (unref) timer.unref();
    return () => clearTimeout(timer);
  },
};
