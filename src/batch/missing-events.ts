import { StateError } from '../errors.js';
import { formatAttemptId, parseAttemptId } from '../events/attempt-id.js';
import type { GpoolEvent, Recorded } from '../events/event.js';
import { type BatchState, countJobs } from '../queue/batch-state.js';
import { type Job, liveAttempts } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE } from '../queue/states.js';

/**
 * What must have happened before an event, although the lines that said so are gone: who started was launched, who is done has
 * ended well, who is launched again was given back. Else a job that ran would be run once more, or the number of an attempt be
 * given twice. Pure.
 */
export function missingBefore(event: Recorded, state: BatchState): GpoolEvent[] {
  if (!('attempt' in event) || event.type === 'job.copied') return [];
  const { job: id, n } = parseAttemptId(event.attempt);
  const job = state.jobById.get(id);
  // Which host it was may be gone, too.
  const host = 'host' in event ? event.host : state.hosts[0]?.name;
  if (!job || host === undefined) return [];
  const known = job.attempts[n - 1];
  const begun = known ? [] : missingAttempts(job, { n, host, isLaunch: event.type === 'job.launched' });
  const lacksEnd = event.type === 'job.done' && !known?.outcome;
  return [...begun, ...(lacksEnd ? [wellEnded(event.attempt, known?.host ?? host)] : [])];
}

/** Whether an event says of the batch what cannot be, as far as its lines are left. */
export function isTooEarly(event: Recorded, state: BatchState): boolean {
  if (event.type !== 'batch.ended') return false;
  const { free, busy, unknown } = countJobs(state);
  return free + busy + unknown > 0;
}

interface Begin {
  readonly n: number;
  readonly host: string;
  /** Whether the event itself says that the attempt is launched. */
  readonly isLaunch: boolean;
}

/** Up to the n-th attempt of a job, which has fewer. */
function missingAttempts(job: Job, { n, host, isLaunch }: Begin): GpoolEvent[] {
  const next = job.attempts.length + 1;
  const isSettled = job.state === STATE_DONE || job.state === STATE_ERROR;
  if (!(n - next < MOST_MISSING) || (isSettled && !isLaunch)) return [];
  const launch = (k: number): GpoolEvent => {
    return { type: 'job.launched', job: job.id, attempt: formatAttemptId(job.id, k), host };
  };
  // A second one beside one that goes on is a copy.
  if (!isLaunch && !isSettled && job.state !== STATE_FREE && n === next)
    return [{ type: 'job.copied', job: job.id, attempt: formatAttemptId(job.id, n), host }];
  const skipped = Array.from({ length: n - next }, (_, at) => next + at);
  return [
    ...freeJob(job, isSettled),
    ...skipped.flatMap((k) => [launch(k), giveBack(job, formatAttemptId(job.id, k))]),
    ...(isLaunch ? [] : [launch(n)]),
  ];
}

function freeJob(job: Job, isSettled: boolean): GpoolEvent[] {
  if (isSettled) return [{ type: 'job.reopened', job: job.id, reason: GONE }];
  return job.state === STATE_FREE ? [] : liveAttempts(job).map(({ id }) => giveBack(job, id));
}

function giveBack(job: Job, attempt: string): GpoolEvent {
  const reason = new StateError('E_JOURNAL_DAMAGED', { what: GONE, where: `attempt ${attempt}` }).toFault();
  return { type: 'job.requeued', job: job.id, attempt, reason, counted: false };
}

function wellEnded(attempt: string, host: string): GpoolEvent {
  const usage = { startedAt: 0, wallMs: 0, userMs: 0, systemMs: 0, peakKb: 0 };
  const output = { stdout: true, stderr: true };
  return { type: 'job.ended', attempt, host, outcome: { kind: 'succeeded' }, usage, output, offset: 0 };
}

const GONE = 'the line that told of it was damaged';
const MOST_MISSING = 100;
