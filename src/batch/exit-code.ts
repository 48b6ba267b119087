import type { BatchCounts } from '../events/event.js';

/** How a batch came to its end, as far as the exit code tells it. */
export interface Ending {
  readonly counts: BatchCounts;
  /** No host could be used. */
  readonly noHost: boolean;
  /** A halt rule stopped it, or nothing could be started. */
  readonly halted: boolean;
  /** The signal that interrupted it. */
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;
}

/**
 * The exit code of a batch: 0 all good, 1 a job failed, 4 no usable host, 5 halted, 6 something is still open or unknown,
 * 128 + signal when interrupted. (2 is wrong usage, 3 wrong configuration: those never become a batch.)
 */
export function batchExitCode({ counts, noHost, halted, signal }: Ending): number {
  if (signal !== null) return 128 + SIGNALS[signal];
  if (noHost) return 4;
  if (halted) return 5;
  if (counts.free + counts.busy + counts.unknown > 0) return 6;
  return counts.error > 0 ? 1 : 0;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
