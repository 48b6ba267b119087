import { SpecError } from '../errors.js';
import { EventBus } from '../events/bus.js';
import type { BatchCounts, ManagerEvent, Recorded } from '../events/event.js';
import type { Network } from '../network/network.js';
import { type BatchState, countJobs, createBatchState, type HostRecord } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import type { JobSpec } from '../spec/job-spec.js';
import { type ManagerOptions, type ManagerSettings, resolveManagerOptions } from './manager-options.js';
import type { Order } from './order.js';
import { Session } from './session.js';
import type { BatchSummary } from './summary.js';

/**
 * Runs a batch of jobs on the hosts of a network: `setup`, then `processJobs`. Subclasses may override the hooks
 * `handleJobLaunch`, `handleJobDone` and `handleSleep`; everyone may `subscribe` to the events. What a hook or a
 * listener throws is reported once and harms nothing.
 */
export class Manager {
  readonly #settings: ManagerSettings;
  readonly #bus: EventBus<Recorded>;
  #batch: { readonly state: BatchState; readonly network: Network; readonly session: Session } | null = null;
  #reported = false;

  /** Throws a SpecError (E_USAGE) that names a wrong option. */
  constructor(options: ManagerOptions = {}) {
    this.#settings = resolveManagerOptions(options);
    this.#bus = new EventBus((error) => this.reportError(error));
  }

  get sleepTimeInSecs(): number {
    return this.#settings.sleepTimeInSecs;
  }

  /** In the order of the specs; empty before `setup`. */
  get jobs(): readonly Job[] {
    return this.#batch?.state.jobs ?? [];
  }

  /** In the order of the inventory; empty before `setup`. */
  get hosts(): readonly HostRecord[] {
    return this.#batch?.state.hosts ?? [];
  }

  get network(): Network | null {
    return this.#batch?.network ?? null;
  }

  /** Jobs by state. */
  get counts(): BatchCounts {
    return this.#batch ? countJobs(this.#batch.state) : { free: 0, busy: 0, done: 0, unknown: 0, error: 0 };
  }

  /** One job for each spec. Connects to nothing yet. Throws a SpecError without hosts (E_NO_HOST) or when called twice. */
  setup(specs: readonly JobSpec[], network: Network): void {
    if (this.#batch) throw misuse('setup was called twice', 'Make a Manager for each batch.');
    const hosts = network.getHosts();
    if (hosts.length === 0)
      throw new SpecError('E_NO_HOST', { what: 'there is no host', where: 'Manager.setup' });
    const state =
      this.#settings.state ??
      createBatchState(
        specs,
        hosts.map(({ name }) => name),
      );
    const session = new Session({
      settings: this.#settings,
      specs,
      state,
      network,
      onEvent: (event) => this.#tell(event),
      onOpen: (directory) => this.handleOpen(directory),
      onClose: () => this.handleClose(),
      onError: (error) => this.reportError(error),
    });
    this.#batch = { state, network, session };
  }

  /**
   * Connects, runs all jobs, lets go of the hosts, and tells how it went; a job that fails is part of that. Rejects with a
   * StateError when the batch directory cannot be made or the journal not be written; nothing more is launched then.
   */
  processJobs(): Promise<BatchSummary> {
    return this.#session().process();
  }

  /** Launches the oldest waiting job, if a host has a free slot; resolves with that job. For loops of your own. */
  launchJob(): Promise<Job | null> {
    return this.#session().launchJob();
  }

  /** Asks the hosts about all busy jobs. True when at least one ended since the last call. For loops of your own. */
  updateJobStatus(): Promise<boolean> {
    return this.#session().updateJobStatus();
  }

  /** Hears every event once, after the state has it. The answer unsubscribes. */
  subscribe(listener: (event: Recorded) => void): () => void {
    return this.#bus.subscribe(listener);
  }

  /** Launches nothing more; `processJobs` resolves soon. What was handed to hosts goes on there. */
  stop(reason: string): void {
    this.#session().stop(reason);
  }

  /**
   * Stops, and kills on the hosts what was handed to them. Resolves once every host was asked, with whether all of them have
   * confirmed it; `processJobs` when the jobs are through, at the latest after `graceMs` (15 s unless told).
   */
  cancel(graceMs?: number): Promise<boolean> {
    return this.#session().cancel(graceMs);
  }

  /**
   * Gives an order to a batch that runs, and resolves with what was recorded. Rejects with a SpecError when the batch has no
   * such job or host; nothing changed then.
   */
  order(order: Order): Promise<readonly ManagerEvent[]> {
    return this.#session().order(order);
  }

  /** Lets go of the hosts; `processJobs` does it by itself. For loops of your own. */
  async close(): Promise<void> {
    await this.#batch?.session.close();
  }

  /** A job was given to a host: the last of its attempts. */
  protected handleJobLaunch(_job: Job): void {}

  /** A job succeeded and its returns are here. */
  protected handleJobDone(_job: Job): void {}

  /** Nothing was launched and nothing ended for `sleepTimeInSecs`. */
  protected handleSleep(): void {}

  /** The batch is about to start; `directory` is null when it is kept in memory. */
  protected handleOpen(_directory: string | null): void {}

  /** The batch is over; waited for before `processJobs` resolves. */
  protected handleClose(): Promise<void> {
    return Promise.resolve();
  }

  protected findJob(id: string): Job | undefined {
    return this.#batch?.state.jobById.get(id);
  }

  /** For what must not stop the batch: the first one is reported, later ones are not. */
  protected reportError(error: unknown): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#settings.onError(error);
  }

  #session(): Session {
    if (this.#batch) return this.#batch.session;
    throw misuse('there is nothing to run yet', 'Call setup(specs, network) first.');
  }

  #tell(event: Recorded): void {
    this.#bus.emit(event);
    try {
      this.#callHook(event);
    } catch (error) {
      this.reportError(error);
    }
  }

  #callHook(event: Recorded): void {
    if (event.type === 'batch.waited') this.handleSleep();
    if (event.type !== 'job.launched' && event.type !== 'job.done') return;
    const job = this.findJob(event.job);
    if (!job) return;
    if (event.type === 'job.launched') this.handleJobLaunch(job);
    else this.handleJobDone(job);
  }
}

function misuse(what: string, next: string): SpecError {
  return new SpecError('E_USAGE', { what, where: 'Manager', next });
}
