import type { Recorded } from '../events/event.js';
import { formatLogLine, type JobFinder } from './log-line.js';

/** Turns events into text for a log that is written as it comes: `WAIT ....` grows by a dot on one line. */
export class LogText {
  readonly #findJob: JobFinder;
  #isWaiting = false;

  constructor(findJob: JobFinder) {
    this.#findJob = findJob;
  }

  /** What to append for this event; null for nothing. */
  append(event: Recorded): string | null {
    if (event.type === 'batch.waited') return this.#wait();
    const line = formatLogLine(event, this.#findJob);
    return line === null ? null : `${this.end()}${line}\n`;
  }

  /** What completes an open line. */
  end(): string {
    const end = this.#isWaiting ? '\n' : '';
    this.#isWaiting = false;
    return end;
  }

  #wait(): string {
    const text = this.#isWaiting ? '.' : 'WAIT .';
    this.#isWaiting = true;
    return text;
  }
}
