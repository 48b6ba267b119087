import type { Collected, NetworkEvent } from '../events/event.js';
import type { Outcome } from '../events/outcome.js';
import type { Host } from '../spec/host.js';
import type { JobSpec } from '../spec/job-spec.js';

/** A work order: one try of a job on one host. Travels right; news of it comes back as events. */
export interface Attempt {
  /** `<job>.<n>`, unique in the batch, safe as a path component. A start is idempotent by it. */
  readonly id: string;
  readonly job: string;
  /** 1-based try. */
  readonly n: number;
  /** Name of the host that runs it. */
  readonly host: string;
  readonly spec: JobSpec;
  /** What the job sees besides the host's own environment; GPOOL_HOST and GPOOL_SLOT are added on the host. */
  readonly env: Readonly<Record<string, string>>;
  /** What its end said that there is to fetch. @default not known */
  readonly output?: AttemptOutput;
}

/** What an attempt has printed, as its host told when it ended. */
export type AttemptOutput = Extract<NetworkEvent, { type: 'job.ended' }>['output'];

/** What is to be known of an attempt that has ended. */
export type EndedAttempt = Pick<Attempt, 'id' | 'host' | 'spec'>;

/** Where an attempt stands, as far as its host can tell now. */
export type AttemptStatus =
  | { readonly state: 'free' }
  /** `ranMs`: since its start, by the host's monotonic clock; absent when the host does not tell. */
  | { readonly state: 'busy'; readonly paused: boolean; readonly ranMs?: number }
  | { readonly state: 'done' }
  /** `outcome` when the host says how it ended. */
  | { readonly state: 'error'; readonly outcome?: Outcome }
  /**
   * The host cannot be asked, or has never heard of it. Neither finished nor failed. `gone`: it was asked, has no record of it, and no
   * process of it lives there.
   */
  | { readonly state: 'unknown'; readonly gone?: true };

export type NetworkListener = (event: NetworkEvent) => void;

/** A part of an output. */
export interface OutputRange {
  /** First byte. @default 0 */
  readonly from?: number;
  /** At most so many bytes. @default 16 MiB */
  readonly maxBytes?: number;
}

/**
 * A way to reach hosts and run attempts there. The Manager knows nothing else of the world.
 *
 * Every promise settles within a deadline. Errors are `HostError`, `TransportError` or `JobError`. `launchJob` resolves
 * once the host has accepted the attempt for its backlog, and starts nothing twice for the same attempt id; when it
 * rejects with a `TransportError` it is not known whether the attempt was accepted: the host's word follows as events
 * or through `getJobStatus`.
 */
export interface Network {
  /** The machines that run jobs. Machines that are only asked for status are not among them. */
  getHosts(): readonly Host[];
  /** Starts to connect and resolves when every host is either ready or has failed once. Never rejects for one bad host. */
  open(batch: BatchContext): Promise<void>;
  /**
   * A host joins an open pool: it is connected to as in `open`, and events tell. One that is in the pool already takes the number
   * of slots that `host` says now.
   */
  addHost(host: Host): Promise<void>;
  /** Lets go of one host, which is in the pool no more. With `cleanup`, nothing of ours stays there. No-op for a stranger. */
  removeHost(name: string, options?: { readonly cleanup?: boolean }): Promise<void>;
  /** Listeners get every event once, in the order of each host. The answer unsubscribes. */
  subscribe(listener: NetworkListener): () => void;
  launchJob(attempt: Attempt): Promise<void>;
  /** One request for each host (or management node), however many attempts; keyed by attempt id. */
  getJobStatus(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, AttemptStatus>>;
  getStdout(attempt: Attempt, range?: OutputRange): Promise<Buffer>;
  getStderr(attempt: Attempt, range?: OutputRange): Promise<Buffer>;
  /** Fetches outputs and returns into `directory`, each under its final name only when whole and checked. */
  collectJob(attempt: Attempt, directory: string): Promise<Collected>;
  /**
   * Ends all processes of the attempt, also those that left its group or session: TERM, then KILL after a grace of 10 s. A
   * waiting one never starts. Idempotent.
   */
  killJob(attempt: Attempt): Promise<void>;
  /**
   * Takes back an attempt that still waits in its host's backlog: it will never start, and ends with the outcome `recalled`.
   * For one that has begun, has ended or was never there nothing happens: the usual news tells. Idempotent.
   */
  recallJob(attempt: Attempt): Promise<void>;
  pauseJob(attempt: Attempt): Promise<void>;
  unpauseJob(attempt: Attempt): Promise<void>;
  /**
   * Whatever the attempt left is safe here: its host may remove its working directory and outputs, when it has time. Its record stays, so
   * that it never starts again and its end can still be asked for. Nothing happens to one that has not ended. Nobody waits for
   * it, and it may be lost with the link.
   */
  clearJob(attempt: EndedAttempt): void;
  /** Removes the attempt's directory on its host. Refused for a running one. */
  deleteJob(attempt: Attempt): Promise<void>;
  /**
   * Lets go of the hosts. What runs there goes on, unless `cleanup` says the batch is over: then nothing of ours stays, but on the
   * hosts of `keep`, which have results that could not be fetched.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** How a Network lets go of its hosts. */
export interface CloseOptions {
  /** @default false */
  readonly cleanup?: boolean;
  /** Names of hosts that are not cleaned. @default none */
  readonly keep?: ReadonlySet<string>;
}

/** What a Network must know of the batch it serves. */
export interface BatchContext {
  /** Unique, safe as a path component. */
  readonly batch: string;
  /** How far each host's event file was read before; absent for a new batch. */
  readonly offsets?: Readonly<Record<string, number>>;
  /** The store that each of them is of, as its `host.ready` told. */
  readonly stores?: Readonly<Record<string, string>>;
  /** Where the file system of their root directories was mounted then. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** The batch directory's own random id: a host refuses another batch of the same name. @default none is told */
  readonly key?: string;
}
