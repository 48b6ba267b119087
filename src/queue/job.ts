import type { Fault } from '../errors.js';
import { parseDigits } from '../events/attempt-id.js';
import type { AnnouncedOutput, Collected, Usage } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { State } from './states.js';

/** One try of a job on one host, as far as it is known. Times are milliseconds since 1970 on the controller's clock. */
export interface AttemptRecord {
  /** `<job>.<n>`. */
  readonly id: string;
  /** 1-based. */
  readonly n: number;
  readonly host: string;
  readonly launchedAt: number;
  /** The revision of the batch that it was launched in: says what it was to run. */
  readonly revision: number;
  /** Made while another attempt of its job was under way. */
  readonly copy: boolean;
  slot: number | null;
  /** When the news of its start came. */
  startedAt: number | null;
  /** Null until it ended. */
  outcome: Outcome | null;
  usage: Usage | null;
  /** What its end said that there is to fetch; null when that is not known, or needed no more. */
  output: AnnouncedOutput | null;
  /** What its host said, after it had counted as lost, that a good end left to fetch; null when the host said no such thing. */
  late: AnnouncedOutput | null;
  /** Whether its host has lost what it kept of it before it ended; `rebooted` when no process of it can live. */
  orphaned: 'no' | 'yes' | 'rebooted';
  /** Set when something other than the outcome failed or requeued the job. */
  fault: Fault | null;
  collected: Collected | null;
  /** Whether it counts against the job's limit of attempts. */
  counted: boolean;
  /** How much of that limit it used up, if it counts. */
  cost: number;
  /** Whether it ran longer than it may by the median, and is being ended for that. */
  overdue: boolean;
  /** Whether a hard halt of the batch ends it: it has not failed by that. */
  halted: boolean;
  /** Its host was asked to give it back before it starts. */
  recalled: boolean;
  /** Concluded, or needed no more: what its host still tells of it is noted here and moves the job no more. */
  settled: boolean;
}

/** A JobSpec in a batch. Changes through events only. */
export interface Job {
  /** `index + 1`, in decimal. */
  readonly id: string;
  readonly spec: JobSpec;
  /** 0-based place in the batch, for ever: when a batch is revised, new jobs come last and removed ones leave a gap. */
  readonly index: number;
  /** The host that has it, of several the one that had it first; that of the attempt which decided it; null while it waits. */
  host: string | null;
  state: State;
  /** Oldest first; replaced, never pushed to, so that a million of them stay small. */
  attempts: readonly AttemptRecord[];
  /** The attempt that made it done or failed it; null before. */
  decidedBy: AttemptRecord | null;
  /** Not to be launched before, milliseconds since 1970. */
  notBefore: number;
  /** How many of them were made before the job was last reopened: those count against no limit. */
  budgetFrom: number;
  /** A person wants it to rest. */
  paused: boolean;
  /** Why a person wants it ended; null when nobody does. */
  cancelling: string | null;
}

/** The attempt that tells how the job stands: the one that decided it, or else the last; null when there is none. */
export function tellingAttempt(job: Job): AttemptRecord | null {
  return job.decidedBy ?? job.attempts[job.attempts.length - 1] ?? null;
}

/** Attempts that may still decide the job: one, or several while there are copies. */
export function liveAttempts({ attempts }: Job): AttemptRecord[] {
  return attempts.filter(({ settled }) => !settled);
}

/** The job's attempt with this id. */
export function findAttempt({ attempts }: Job, id: string): AttemptRecord | undefined {
  const attempt = attempts[parseDigits(id, id.lastIndexOf('.') + 1) - 1];
  return attempt?.id === id ? attempt : undefined;
}
