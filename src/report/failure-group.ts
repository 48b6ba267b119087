import type { Outcome } from '../events/outcome.js';
import type { BatchState } from '../queue/batch-state.js';
import { type AttemptRecord, tellingAttempt } from '../queue/job.js';
import { STATE_ERROR } from '../queue/states.js';

/** Failed jobs that look alike: same cause, same host, same words. */
export interface FailureGroup {
  /** `exit code 3`, `signal 9`, `timed out`, `E_OUTPUT_MISSING`. */
  readonly cause: string;
  /** Empty for jobs that were given up before they had one. */
  readonly host: string;
  /** Their last words: as they are when all say the same, else with placeholders; null when none were given. */
  readonly hint: string | null;
  /** Ids, in order. */
  readonly jobs: readonly string[];
}

/** Groups the jobs that failed for good, largest group first. `hints` has a job's last line of stderr by its id. */
export function groupFailures(
  state: BatchState,
  hints: ReadonlyMap<string, string> = new Map(),
): FailureGroup[] {
  const groups = new Map<string, OpenGroup>();
  const failed = state.jobQueue.inState(STATE_ERROR).sort((a, b) => a.index - b.index);
  for (const job of failed) {
    const attempt = tellingAttempt(job);
    const words = hints.get(job.id) ?? null;
    const began = attempt && job.host !== null;
    const { host, cause } = began ? { host: attempt.host, cause: nameCause(attempt) } : NEVER_BEGUN;
    addFailure(groups, { cause, host, job: job.id, words: began ? words : null });
  }
  return [...groups.values()].sort((a, b) => b.jobs.length - a.jobs.length);
}

type OpenGroup = FailureGroup & { hint: string | null; readonly jobs: string[] };

interface Failure {
  readonly cause: string;
  readonly host: string;
  readonly job: string;
  readonly words: string | null;
}

function addFailure(groups: Map<string, OpenGroup>, { cause, host, job, words }: Failure): void {
  const hint = words === null ? null : normalizeHint(words);
  const key = JSON.stringify([cause, host, hint]);
  const group = groups.get(key);
  if (!group) {
    groups.set(key, { cause, host, hint: words, jobs: [job] });
    return;
  }
  group.jobs.push(job);
  if (group.hint !== words) group.hint = hint;
}

/** Why an attempt failed, in a few words: what overruled its outcome, or else the outcome. */
export function nameCause({ outcome, fault }: Pick<AttemptRecord, 'outcome' | 'fault'>): string {
  if (fault) return fault.code;
  return outcome ? nameOutcome(outcome) : 'no outcome';
}

/** Numbers, addresses and quoted text become placeholders, so that the same trouble reads the same in every job. */
export function normalizeHint(line: string): string {
  return line
    .replace(/0x[0-9a-f]+|\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b/gi, '<hex>')
    .replace(/(["'])(?:(?!\1).)*\1/g, '$1…$1')
    .replace(/\d+(?:\.\d+)?/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_HINT);
}

function nameOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      return `exit code ${outcome.code}`;
    case 'killed':
      return outcome.oom ? 'out of memory' : `signal ${outcome.signal}`;
    case 'timed-out':
      return 'timed out';
    case 'cancelled':
    case 'recalled':
      return outcome.kind;
    case 'lost':
      return outcome.fault.code;
  }
}

/** A job that waited when it was cancelled. */
const NEVER_BEGUN = { host: '', cause: 'cancelled before it began' };
const LONGEST_HINT = 200;
