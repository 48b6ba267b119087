import { JobError } from '../errors.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { NetworkEvent } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { AttemptStatus } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { type AttemptRecord, findAttempt } from '../queue/job.js';

/** How the attempt ended by the host's own answer; null while it runs, waits, or cannot be judged. */
export function outcomeFromStatus(status: AttemptStatus | undefined): Outcome | null {
  if (status?.state === 'done') return { kind: 'succeeded' };
  if (status?.state === 'unknown' && status.gone) return { kind: 'lost', fault: GONE };
  return status?.state === 'error' ? (status.outcome ?? null) : null;
}

/** The ends of those attempts that are open still: what the events said came first. */
export function inferEnds(state: BatchState, silent: ReadonlyMap<string, Outcome>): NetworkEvent[] {
  return [...silent].flatMap(([id, outcome]) => {
    const job = state.jobById.get(parseAttemptId(id).job);
    const attempt = job && findAttempt(job, id);
    if (!attempt || attempt.outcome !== null) return [];
    return [inferEnd(attempt, outcome, state.offsets[attempt.host] ?? 0)];
  });
}

/** The end that the events did not tell of. Nothing is known of what it used; that there are outputs is assumed. */
export function inferEnd(attempt: AttemptRecord, outcome: Outcome, offset: number): NetworkEvent {
  const startedAt = attempt.startedAt ?? attempt.launchedAt;
  return {
    type: 'job.ended',
    attempt: attempt.id,
    host: attempt.host,
    outcome,
    usage: { startedAt, wallMs: 0, userMs: 0, systemMs: 0, peakKb: 0 },
    output: outcome.kind === 'lost' ? NO_OUTPUT : { stdout: true, stderr: true },
    inferred: true,
    offset,
  };
}

/** Whoever can say only that it is lost has none. */
const NO_OUTPUT = { stdout: false, stderr: false };

const GONE = new JobError('E_STORE_GONE', {
  what: 'its record is gone there, and no process of it lives',
  where: 'the host that had the attempt',
}).toFault();
