import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** A clock that stands still until it is told to go on. Timers run in the order of their times, then of their making. */
export class ManualClock implements Clock {
  readonly #start: number;
  readonly #heap: Timer[] = [];
  #elapsed = 0;
  #made = 0;

  /** `start` is its wall clock at first, milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  constructor({ start = Date.UTC(2026, 0, 1) }: { readonly start?: number } = {}) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#elapsed + Math.max(0, ms), order: this.#made, callback };
    this.#made += 1;
    if (timer.at !== Number.POSITIVE_INFINITY) pushTimer(this.#heap, timer);
    return () => {
      timer.callback = null;
    };
  }

  /** Goes on by `ms` and runs what becomes due on the way, timers made meanwhile included. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) this.#run();
    this.#elapsed = end;
  }

  /** Goes on to the next timer and runs all that are due then. False when there is none. */
  advanceToNext(): boolean {
    const next = this.#next();
    if (!next) return false;
    this.advance(next.at - this.#elapsed);
    return true;
  }

  /**
   * Lets time pass until the promise settles: after each step everything that follows from it without a timer is
   * done first, what this process reads and writes on its disk included. For programs that touch no network. Throws when it
   * hangs with no timer left.
   */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    for (;;) {
      do await settleTurn();
      while (isDiskBusy());
      if (settled) return watched;
      if (!this.advanceToNext()) await this.#awaitTimer(() => settled);
    }
  }

  /** What takes real time, a file being written for one, may make the next timer or settle the promise. */
  async #awaitTimer(isSettled: () => boolean): Promise<void> {
    const limit = performance.now() + STUCK_MS;
    while (!isSettled() && !this.#next()) {
      if (performance.now() > limit) throw new Error('nothing is left to wait for on this clock');
      await settleTurn();
    }
  }

  #next(): Timer | undefined {
    while (this.#heap[0]?.callback === null) popTimer(this.#heap);
    return this.#heap[0];
  }

  #run(): void {
    const timer = popTimer(this.#heap);
    if (!timer) return;
    this.#elapsed = Math.max(this.#elapsed, timer.at);
    timer.callback?.();
  }
}

/** Whether a call on a file is under way: a slow disk must not look like a program that waits. */
function isDiskBusy(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
}

function settleTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap, the next timer first: a simulation of a thousand hosts has that many timers. */
function pushTimer(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || !isBefore(timer, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = timer;
}

function popTimer(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last && heap.length > 0) siftDown(heap, last);
  return first;
}

function siftDown(heap: Timer[], timer: Timer): void {
  let at = 0;
  for (;;) {
    const child = smallerChild(heap, at);
    const below = heap[child];
    if (!below || !isBefore(below, timer)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = timer;
}

function smallerChild(heap: readonly Timer[], at: number): number {
  const left = 2 * at + 1;
  const [a, b] = [heap[left], heap[left + 1]];
  return a && b && isBefore(b, a) ? left + 1 : left;
}

const STUCK_MS = 10_000;
