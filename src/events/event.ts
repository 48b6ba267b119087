import type { Fault } from '../errors.js';
import type { Host } from '../spec/host.js';
import type { Outcome } from './outcome.js';

/** What an attempt used, as the host measured it. */
export interface Usage {
  /** Host's wall clock at the start, milliseconds since 1970. */
  readonly startedAt: number;
  /** Monotonic run time on the host, milliseconds. */
  readonly wallMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** Highest resident memory seen, kB; 0 when the job was too short to be sampled. */
  readonly peakKb: number;
}

/** A process of a job that did not end with it, although it was told to. `state` is the letter of `ps`: D cannot be killed. */
export interface Survivor {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
}

/** What a host says an ended attempt has printed: whether there is anything to fetch, and how much at least. */
export interface AnnouncedOutput {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Absent where nothing was printed, or where the host does not say. */
  readonly stdoutBytes?: number;
  readonly stderrBytes?: number;
}

/** Something that a job left and that is not fetched. */
export interface Skipped {
  readonly path: string;
  readonly why: string;
  /** It is a file with content. */
  readonly data?: true;
}

/** What is to be known of a host although it fails no job: what could not be removed there. */
export interface HostWarning {
  readonly host: string;
  /** The attempt that it is about; null when it is about the batch. */
  readonly attempt: string | null;
  readonly text: string;
}

/** What came back from a host after an attempt ended. Paths are relative to the attempt's local directory. */
export interface Collected {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Required returns that the job did not leave. */
  readonly missing: readonly string[];
  /** What was not fetched, and why: special files, unsafe entries. With `data` its host keeps it. */
  readonly skipped: readonly Skipped[];
  /** Required returns that are there and cannot come, and why. They are among those that are missing, too. */
  readonly unfit?: readonly { readonly pattern: string; readonly why: string }[];
}

/** What a probe found out about a host when it came up. */
export interface HostFacts {
  readonly cores: number;
  readonly bash: string;
  readonly memoryKb: number;
  readonly bootId: string;
  readonly hostname: string;
  /** Where the file system of the root directory is mounted; absent where the host does not say. */
  readonly mount?: string;
  /** Login shell noise, missing tools and the like; each with what to do. */
  readonly warnings: readonly string[];
}

/** News from a Network. `attempt` is an attempt id, `<job>.<n>`. */
export type NetworkEvent =
  | {
      readonly type: 'host.ready';
      readonly host: string;
      readonly slots: number;
      readonly facts: HostFacts;
      /** Random id of what the host keeps of the batch, made anew when that was lost. */
      readonly store?: string;
      /** Set when it is not the one that the host had before: what was there is lost. */
      readonly storeLost?: true;
    }
  /** The host cannot be asked for now; its jobs are unknown, not failed. The Network keeps trying. */
  | { readonly type: 'host.lost'; readonly host: string; readonly fault: Fault }
  /** The host cannot be used at all (login refused, wrong key, no bash); the Network will not try again. */
  | { readonly type: 'host.failed'; readonly host: string; readonly fault: Fault }
  | {
      readonly type: 'job.started';
      readonly attempt: string;
      readonly host: string;
      readonly slot: number;
      /** Bytes of the host's event file read so far: where a new connection goes on. */
      readonly offset: number;
    }
  | {
      readonly type: 'job.ended';
      readonly attempt: string;
      readonly host: string;
      readonly outcome: Outcome;
      readonly usage: Usage;
      readonly output: AnnouncedOutput;
      /** No news told it: the host was asked. That there are outputs is assumed. */
      readonly inferred?: true;
      /** Processes of a job told to end that are still there. */
      readonly survivors?: readonly Survivor[];
      readonly offset: number;
    }
  /** What a host wants known of an attempt besides its end: what could not be cleared (`kept`). */
  | {
      readonly type: 'job.warned';
      readonly attempt: string;
      readonly host: string;
      readonly word: string;
      readonly text: string;
      readonly offset: number;
    }
  /** What stays of the batch on a host that was cleaned up, and why. What is told when a batch is over is not journalled. */
  | { readonly type: 'host.left'; readonly host: string; readonly text: string };

/** What becomes of the jobs that hosts have when a batch stops: they go on without us, are waited for, or are ended. @default 'leave' */
export type StopMode = 'leave' | 'drain' | 'kill';

/** What the Manager decided or concluded. */
export type ManagerEvent =
  /** None of its starts came to anything for too long. */
  | Extract<NetworkEvent, { readonly type: 'host.failed' }>
  | {
      readonly type: 'batch.started';
      readonly batch: string;
      readonly jobs: number;
      readonly hosts: readonly string[];
    }
  /** Journalled before the host is asked to run it. */
  | { readonly type: 'job.launched'; readonly job: string; readonly attempt: string; readonly host: string }
  | {
      readonly type: 'job.done';
      readonly job: string;
      readonly attempt: string;
      readonly collected: Collected;
    }
  | {
      readonly type: 'job.failed';
      readonly job: string;
      readonly attempt: string;
      readonly outcome: Outcome;
      /** Set when something other than the outcome failed the job: a missing return, an input that vanished. */
      readonly fault: Fault | null;
      readonly collected: Collected | null;
    }
  /**
   * What a job that gave up had left on its host is here after all: it is done when its attempt succeeded and `fault` is null.
   * Nothing was run for it.
   */
  | {
      readonly type: 'job.collected';
      readonly job: string;
      readonly attempt: string;
      readonly fault: Fault | null;
      readonly collected: Collected;
    }
  /**
   * An attempt that counted as lost has ended well after all, and no other one of its job had begun: it is under way again, and
   * what it left is fetched.
   */
  | { readonly type: 'job.returned'; readonly job: string; readonly attempt: string }
  /** The job goes back to waiting; `counted` tells whether the attempt counts against its limit. */
  | {
      readonly type: 'job.requeued';
      readonly job: string;
      readonly attempt: string;
      readonly reason: Fault | Outcome;
      readonly counted: boolean;
      /** How much of its limit a counted attempt used up. @default 1 */
      readonly cost?: number;
      /** Not to be launched before, milliseconds since 1970. @default at once */
      readonly notBefore?: number;
    }
  /** The attempt runs longer than jobs of this batch may, by the median of those that succeeded: it is ended on its host. */
  | {
      readonly type: 'job.overdue';
      readonly job: string;
      readonly attempt: string;
      readonly limitSecs: number;
    }
  /** A second attempt of a job that is running elsewhere; journalled before the host is asked to run it. */
  | { readonly type: 'job.copied'; readonly job: string; readonly attempt: string; readonly host: string }
  /** Its host is asked to give it back, should it not have begun. */
  | { readonly type: 'job.recalled'; readonly job: string; readonly attempt: string; readonly host: string }
  /** One of several attempts is over without having decided the job: the others go on. */
  | {
      readonly type: 'job.dropped';
      readonly job: string;
      readonly attempt: string;
      readonly outcome: Outcome;
      readonly fault: Fault | null;
    }
  /** A person wants it ended. One that waits is given up at once; one that is with a host ends there, when the host can be asked. */
  | { readonly type: 'job.cancelling'; readonly job: string; readonly reason: string }
  /** A person wants it to rest: one that waits is not launched, one that is with a host is halted there. */
  | { readonly type: 'job.pausing'; readonly job: string }
  | { readonly type: 'job.unpausing'; readonly job: string }
  /** At most so many attempts handed out at once from now on; null lifts the cap. */
  | { readonly type: 'batch.capped'; readonly maxRunning: number | null }
  /** A job that was done or had given up is wanted again: it waits, and its earlier attempts are kept. */
  | { readonly type: 'job.reopened'; readonly job: string; readonly reason: string }
  /** `batch.json` was replaced by its next revision: other jobs, inputs or hosts. */
  | { readonly type: 'batch.revised'; readonly revision: number; readonly jobs: number }
  /** Nothing new is given to the host, and what waits in its backlog is asked back, until it is released. */
  | { readonly type: 'host.held'; readonly host: string; readonly reason: string }
  /** The host takes jobs again: it was held, draining or set aside. */
  | { readonly type: 'host.released'; readonly host: string }
  /** The same as held, and the host is let go of when nothing of the batch is left there. */
  | { readonly type: 'host.draining'; readonly host: string; readonly reason: string }
  | { readonly type: 'host.drained'; readonly host: string }
  /** A host joins the pool, or one of the pool has a new description: other slots. */
  | { readonly type: 'host.added'; readonly host: string; readonly description: Host }
  /** Let go of at once: what it had was given up, and is ended there as far as it can be asked. */
  | { readonly type: 'host.removed'; readonly host: string; readonly reason: string }
  /** Its jobs take `ratio` times as long as those of the other hosts. */
  | { readonly type: 'host.slowed'; readonly host: string; readonly ratio: number }
  | { readonly type: 'host.recovered'; readonly host: string }
  /** No jobs but one, to try it, after `untilMs` (milliseconds since 1970). */
  | {
      readonly type: 'host.set-aside';
      readonly host: string;
      readonly fault: Fault;
      readonly untilMs: number;
    }
  /** The job that tried it went well. */
  | { readonly type: 'host.readmitted'; readonly host: string }
  /** Nothing could be launched and nothing ended for one interval. Told, never journalled. */
  | { readonly type: 'batch.waited' }
  /** Nothing more is launched. */
  | { readonly type: 'batch.stopping'; readonly reason: string; readonly mode?: StopMode }
  /** A batch that was stopped is gone on with. */
  | { readonly type: 'batch.resumed' }
  | { readonly type: 'batch.ended'; readonly summary: BatchCounts };

/** Jobs by state; always sums to the number of jobs. */
export interface BatchCounts {
  readonly free: number;
  readonly busy: number;
  readonly done: number;
  readonly unknown: number;
  readonly error: number;
}

/** One thing that happened. */
export type GpoolEvent = NetworkEvent | ManagerEvent;

/** An event with its place and time, as journalled and as told to listeners. */
export type Recorded<E extends GpoolEvent = GpoolEvent> = E & {
  /** Gap-free from 1 in one batch; 0 for events that are told but never journalled. */
  readonly seq: number;
  /** Controller's wall clock, ISO 8601 UTC. Order is by `seq`, never by this. */
  readonly at: string;
};
