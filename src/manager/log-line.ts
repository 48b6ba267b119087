import type { Fault } from '../errors.js';
import type { GpoolEvent, Recorded, Survivor } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import { isPoolEvent } from '../queue/host-pool.js';
import { findAttempt, type Job } from '../queue/job.js';
import { describePoolEvent } from './pool-line.js';

/** Finds the job of an event. */
export type JobFinder = (id: string) => Job | undefined;

/** One line, without its end, for a person who follows the log; null for events that the log leaves out. */
export function formatLogLine(event: Recorded, findJob: JobFinder): string | null {
  switch (event.type) {
    case 'job.launched':
      return describe('LAUNCH', event, findJob);
    case 'job.done':
      return describe('DONE', event, findJob);
    case 'job.failed':
      return `${describe('FAIL', event, findJob)}: ${describeCause(event)}`;
    case 'job.collected':
      return `${describe('COLLECT', event, findJob)}${event.fault ? `: ${describeFault(event.fault)}` : ''}`;
    case 'job.returned':
      return describe('RETURN', event, findJob);
    case 'job.requeued':
      return `${describe('AGAIN', event, findJob)}: ${describeReason(event.reason)}`;
    case 'job.copied':
      return describe('COPY', event, findJob);
    case 'job.recalled':
      return describe('RECALL', event, findJob);
    case 'job.dropped':
      return `${describe('DROP', event, findJob)}: ${describeCause(event)}`;
    case 'job.cancelling':
      return `CANCEL ${nameJob(findJob(event.job))}: ${escapeControls(event.reason)}`;
    case 'job.pausing':
    case 'job.unpausing':
      return `${event.type === 'job.pausing' ? 'PAUSE' : 'UNPAUSE'} ${nameJob(findJob(event.job))}`;
    case 'batch.capped':
      return `CAP ${event.maxRunning ?? 'none'}`;
    case 'job.overdue':
      return `${describe('OVERDUE', event, findJob)}: longer than ${event.limitSecs} s`;
    case 'job.reopened':
      return `REOPEN ${nameJob(findJob(event.job))}: ${escapeControls(event.reason)}`;
    case 'job.ended':
      return event.survivors ? describeSurvivors(event.attempt, event.host, event.survivors) : null;
    case 'job.warned':
      return escapeControls(`WARN ${event.host}/${event.attempt} ${event.text}`);
    case 'host.left':
      return escapeControls(`LEFT ${event.host} ${event.text}`);
    case 'host.lost':
    case 'host.failed':
      return `HOST ${escapeControls(event.host)} ${event.type.slice(5)}: ${describeFault(event.fault)}`;
    case 'batch.stopping':
      return `STOP ${escapeControls(event.reason)}`;
    default:
      return isPoolEvent(event) ? `HOST ${escapeControls(describePoolEvent(event))}` : leaveOut(event);
  }
}

/** In words: `exit code 3`, `killed by signal 9`. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'failed':
      return `exit code ${outcome.code}`;
    case 'killed':
      return `killed by signal ${outcome.signal}${outcome.oom ? ', out of memory' : ''}`;
    case 'timed-out':
      return 'timed out';
    case 'lost':
      return `lost, ${describeFault(outcome.fault)}`;
    default:
      return outcome.kind;
  }
}

/** Nobody's text can end a line, move the cursor or turn the direction of writing: such characters are shown as escapes. */
export function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    (char) => NAMED[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What the log is silent about; a new type of event does not compile until it is named here or has a line. */
function leaveOut(event: Extract<GpoolEvent, { type: LeftOut }>): null {
  void event;
  return null;
}

type LeftOut =
  | 'host.ready'
  | 'job.started'
  | 'batch.started'
  | 'batch.revised'
  | 'batch.waited'
  | 'batch.resumed'
  | 'batch.ended';

/** `#` counts from 0, as in the log format we inherited. */
function describe(
  word: string,
  { job: id, attempt: of }: { readonly job: string; readonly attempt: string },
  findJob: JobFinder,
): string {
  const job = findJob(id);
  const attempt = job && findAttempt(job, of);
  if (!job || !attempt) return word;
  const place = escapeControls(`${attempt.host}/${attempt.id}`);
  return `${word} ${place} ${nameJob(job)}`;
}

function nameJob(job: Job | undefined): string {
  return job ? `w/name ${escapeControls(job.spec.name)} as job #${job.index}` : 'w/o a name';
}

function describeCause({
  outcome,
  fault,
}: Extract<GpoolEvent, { type: 'job.failed' | 'job.dropped' }>): string {
  if (fault === null || outcome.kind === 'lost') return describeOutcome(outcome);
  return `${describeOutcome(outcome)}, ${describeFault(fault)}`;
}

function describeSurvivors(attempt: string, host: string, survivors: readonly Survivor[]): string {
  const named = survivors.map(({ pid, name, state }) => `${pid} ${name} (${state})`).join(', ');
  return escapeControls(`LEFT ${host}/${attempt} was told to end, but these did not: ${named}`);
}

function describeReason(reason: Fault | Outcome): string {
  return 'kind' in reason ? describeOutcome(reason) : describeFault(reason);
}

function describeFault({ what, code }: Fault): string {
  return escapeControls(`${what} (${code})`);
}

const CONTROLS = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x1b': '\\e' };
