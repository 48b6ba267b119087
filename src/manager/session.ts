import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchStore } from '../journal/batch-store.js';
import type { Network } from '../network/network.js';
import { type BatchState, countJobs } from '../queue/batch-state.js';
import type { Job } from '../queue/job.js';
import { keepingHosts } from '../queue/left-behind.js';
import { STATE_ERROR } from '../queue/states.js';
import type { JobSpec } from '../spec/job-spec.js';
import { contextOf } from './context-of.js';
import { createRules } from './create-rules.js';
import { DETACHED } from './detach.js';
import { Dispatcher } from './dispatcher.js';
import { findEnd, isOver } from './find-end.js';
import { hearLateWarnings } from './late-warnings.js';
import { LostWait } from './lost-wait.js';
import type { ManagerSettings } from './manager-options.js';
import { MedianLimits } from './median-limits.js';
import { openStore } from './open-store.js';
import type { Order } from './order.js';
import { RestingHosts } from './resting-hosts.js';
import { SleepTimer } from './sleep-timer.js';
import { Stopping } from './stopping.js';
import { type BatchSummary, type SummaryKind, summarizeBatch } from './summary.js';

export interface SessionOptions {
  readonly settings: ManagerSettings;
  readonly specs: readonly JobSpec[];
  readonly state: BatchState;
  readonly network: Network;
  readonly onEvent: (event: Recorded) => void;
  readonly onOpen: (directory: string | null) => void;
  readonly onClose: () => Promise<void>;
  /** Hears of what must not stop the batch. */
  readonly onError: (error: unknown) => void;
}

interface Opened {
  readonly store: BatchStore;
  readonly dispatcher: Dispatcher;
  /** Resolves once every host is ready or has failed once. */
  readonly hosts: Promise<void>;
}

/** The life of one batch in one Manager: open, turn after turn until the end, close. */
export class Session {
  readonly #options: SessionOptions;
  #opening: Promise<Opened> | null = null;
  #processing: Promise<BatchSummary> | null = null;
  #closing: Promise<void> | null = null;
  #dispatcher: Dispatcher | null = null;
  readonly #lostWait: LostWait;
  #sleep: SleepTimer | null = null;
  #lastPoll = 0;
  #isTelling = false;
  #startedAt = 0;
  readonly #stopping: Stopping;
  /** Whether every host was tried, and whether one ever answered. */
  #hosts: 'untried' | 'tried' | 'ready' = 'untried';
  #failure: { readonly error: unknown } | null = null;
  #launched: Job | null = null;
  #settled = 0;
  #settledBefore = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { clock, waitLostSecs: waitSecs } = options.settings;
    const notify = (): void => this.#dispatcher?.news.notify();
    this.#stopping = new Stopping(clock, notify);
    this.#lostWait = new LostWait({ state: options.state, clock, waitSecs, onOver: notify });
  }

  process(): Promise<BatchSummary> {
    this.#processing ??= this.#process();
    return this.#processing;
  }

  async launchJob(): Promise<Job | null> {
    const { dispatcher, hosts } = await this.#open();
    await hosts;
    this.#launched = null;
    await dispatcher.turn(1);
    return this.#launched;
  }

  async updateJobStatus(): Promise<boolean> {
    const { dispatcher } = await this.#open();
    await dispatcher.poll();
    await dispatcher.turn(0);
    const before = this.#settledBefore;
    this.#settledBefore = this.#settled;
    return this.#settled > before;
  }

  stop(reason: string): void {
    if (this.#stopping.leave(reason)) this.#announceStop();
  }

  /** Rejects with a SpecError when the batch has no such job or host. */
  async order(order: Order): Promise<readonly ManagerEvent[]> {
    const { dispatcher } = await this.#open();
    return dispatcher.order(order);
  }

  /** Whether every host has confirmed that it ends its jobs. */
  cancel(graceMs?: number): Promise<boolean> {
    this.#stopping.kill('cancelled', graceMs);
    this.#announceStop();
    return this.#killOpen();
  }

  /** Idempotent. With `cleanup`, nothing of ours stays on the hosts. */
  close({ cleanup = false }: { readonly cleanup?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(cleanup);
    return this.#closing;
  }

  async #process(): Promise<BatchSummary> {
    try {
      const { dispatcher } = await this.#open();
      const kind = await this.#run(dispatcher);
      await this.#recordEnd(dispatcher, kind);
      await this.close({ cleanup: kind === 'complete' && !this.#keepsFailed() });
      return this.#summarize(kind);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Whether what failed is to be looked at on its host. */
  #keepsFailed(): boolean {
    const { settings, state } = this.#options;
    return settings.keepFailed && state.jobQueue.anyInState(STATE_ERROR);
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#openAll();
    return this.#opening;
  }

  async #openAll(): Promise<Opened> {
    const { settings, specs, state, network, onOpen } = this.#options;
    const { store, batch, key } = await openStore(settings, specs, network.getHosts());
    this.#startedAt = settings.clock.now();
    const over = isOver(state);
    const onEvent = (event: Recorded): void => this.#onEvent(event);
    const { clock, random } = settings;
    const notify = (): void => this.#dispatcher?.news.notify();
    const limits = new MedianLimits(state);
    const resting = new RestingHosts(clock, notify);
    const shared = { limits, resting };
    const rules = createRules(settings, { state, clock, random, notify }, shared);
    const parts = { batch, state, network, store, rules, ...shared };
    const dispatcher = new Dispatcher({ ...settings, ...parts, onEvent });
    this.#dispatcher = dispatcher;
    try {
      onOpen(store.directory);
    } catch (error) {
      this.#options.onError(error);
    }
    await dispatcher.begin();
    const opening = over ? Promise.resolve() : network.open(contextOf(state, batch, key));
    const hosts = opening.then(() => this.#onHostsTried(dispatcher));
    hosts.catch((error) => this.#fail(error));
    return { store, dispatcher, hosts };
  }

  async #run(dispatcher: Dispatcher): Promise<SummaryKind> {
    const { clock, sleepTimeInSecs } = this.#options.settings;
    this.#sleep = new SleepTimer(clock, sleepTimeInSecs * 1000, () => this.#onSleep(dispatcher));
    this.#lastPoll = clock.elapsed();
    for (;;) {
      await dispatcher.turn(this.#stopping.mode ? 0 : Number.POSITIVE_INFINITY);
      if (this.#failure) throw this.#failure.error;
      const kind = this.#findEnd(dispatcher);
      if (kind) {
        this.#sleep.close();
        return kind;
      }
      await dispatcher.news.wait();
    }
  }

  #findEnd(dispatcher: Dispatcher): SummaryKind | null {
    return findEnd({
      state: this.#options.state,
      pending: dispatcher.pending > 0,
      ending: dispatcher.ending,
      fetching: dispatcher.fetching,
      stopping: this.#stopping,
      detach: this.#options.settings.detach,
      waitedEnough: this.#lostWait.isOver(),
      neverReady: this.#hosts === 'tried',
    });
  }

  async #recordEnd(dispatcher: Dispatcher, kind: SummaryKind): Promise<void> {
    const { state } = this.#options;
    if (kind === 'complete') await dispatcher.record([{ type: 'batch.ended', summary: countJobs(state) }]);
    else if (state.stopping === null)
      await dispatcher.record([{ type: 'batch.stopping', reason: this.#stopReason() ?? kind }]);
  }

  #stopReason(): string | null {
    return this.#stopping.reason ?? (this.#options.settings.detach ? DETACHED : null);
  }

  #announceStop(): void {
    const { state } = this.#options;
    const { reason } = this.#stopping;
    if (reason === null || !this.#dispatcher || state.stopping !== null) return;
    this.#dispatcher.record([{ type: 'batch.stopping', reason }]).catch((error) => this.#fail(error));
  }

  async #killOpen(): Promise<boolean> {
    if (this.#closing !== null) return false;
    const open = this.#dispatcher?.listOpen() ?? [];
    const told = await Promise.allSettled(open.map((attempt) => this.#options.network.killJob(attempt)));
    return told.every(({ status }) => status === 'fulfilled');
  }

  #summarize(kind: SummaryKind): BatchSummary {
    const { state, settings } = this.#options;
    const reason = kind === 'stopped' || kind === 'halted' ? this.#stopReason() : null;
    return summarizeBatch(
      state,
      { kind, reason },
      { startedAt: this.#startedAt, endedAt: settings.clock.now() },
    );
  }

  async #close(cleanup: boolean): Promise<void> {
    const { network, state } = this.#options;
    this.#sleep?.close();
    this.#lostWait.close();
    this.#stopping.close();
    this.#dispatcher?.close();
    const opened = await this.#opening?.catch(() => null);
    hearLateWarnings(network, state.warnings);
    await this.#contain(() => network.close({ cleanup, keep: keepingHosts(state) }));
    await this.#contain(async () => opened?.store.close());
    await this.#contain(() => this.#options.onClose());
  }

  async #contain(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #onEvent(event: Recorded): void {
    if (event.type === 'host.ready') this.#hosts = 'ready';
    if (event.type.startsWith('job.')) this.#sleep?.touch();
    if (event.type === 'job.launched') this.#launched = this.#options.state.jobById.get(event.job) ?? null;
    if (event.type === 'job.done' || event.type === 'job.failed') this.#settled += 1;
    if (event.type === 'batch.stopping' && event.mode) this.#stopping.halt(event.reason, event.mode);
    const isNews =
      event.type === 'batch.stopping' || event.type === 'job.started' || event.type === 'host.ready';
    // It was on its way to its slot, or its host away, when the others were killed.
    if (isNews && this.#stopping.mode === 'kill') void this.#killOpen();
    this.#options.onEvent(event);
  }

  #onHostsTried(dispatcher: Dispatcher): void {
    if (this.#hosts === 'untried') this.#hosts = 'tried';
    dispatcher.news.notify();
    // For how long what an earlier controller left there has run.
    dispatcher.poll().catch(() => {});
  }

  #onSleep(dispatcher: Dispatcher): void {
    const { clock } = this.#options.settings;
    this.#tellWaiting(dispatcher);
    dispatcher.retryDeferred();
    if (clock.elapsed() - this.#lastPoll < POLL_MS) return;
    this.#lastPoll = clock.elapsed();
    // A host that cannot be asked now says so by an event.
    dispatcher.poll().catch(() => {});
  }

  /** Once at a time: a slow disk must not make a queue of them. */
  #tellWaiting(dispatcher: Dispatcher): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const told = dispatcher.record([{ type: 'batch.waited' }]);
    told.then(() => (this.#isTelling = false)).catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#dispatcher?.news.notify();
  }
}

/** Events tell all there is to know; asking is for what they might have missed. */
const POLL_MS = 30_000;
