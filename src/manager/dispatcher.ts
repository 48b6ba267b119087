import { formatAttemptId } from '../events/attempt-id.js';
import type { GpoolEvent, ManagerEvent, NetworkEvent, Recorded } from '../events/event.js';
import type { BatchStore } from '../journal/batch-store.js';
import type { Attempt, Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { findByAttempt } from '../queue/find-by-attempt.js';
import { liveAttempts } from '../queue/job.js';
import { STATE_BUSY, STATE_FREE, STATE_UNKNOWN } from '../queue/states.js';
import { AskedEnds } from './asked-ends.js';
import { listOpenAttempts } from './attempt.js';
import { awayEvents } from './away-events.js';
import { Clearing } from './clearing.js';
import { Collector, NOTHING } from './collector.js';
import { isRefusal, type Result } from './conclude.js';
import { CoolingHosts } from './cooling-hosts.js';
import { DelayedJobs } from './delayed-jobs.js';
import { type Conclusions, drawConclusions } from './draw-conclusions.js';
import { EndOverdue } from './end-overdue.js';
import { isOver } from './find-end.js';
import { HandOver } from './hand-over.js';
import { HostActions } from './host-actions.js';
import { Intents } from './intents.js';
import { JobTime } from './job-time.js';
import { LeftResults } from './left-results.js';
import { LetGo } from './let-go.js';
import type { MedianLimits } from './median-limits.js';
import type { Order } from './order.js';
import type { Placement } from './placement.js';
import { planLaunches } from './plan-launches.js';
import { inferEnds } from './reconcile.js';
import { Recorder } from './recorder.js';
import type { RestingHosts } from './resting-hosts.js';
import { createRetryPolicy, type RetrySettings } from './retry-policy.js';
import type { Rule } from './rule.js';
import { Signal } from './signal.js';
import { type OrderPlan, tryOrder } from './try-order.js';

export interface DispatcherOptions extends RetrySettings {
  readonly batch: string;
  readonly state: BatchState;
  readonly network: Network;
  readonly store: BatchStore;
  readonly placement: Placement;
  readonly maxRunning: number;
  /** Whether hosts are given all that they will take. */
  readonly detach: boolean;
  readonly resting: RestingHosts;
  /** Asked in this order once in each turn. */
  readonly rules: readonly Rule[];
  readonly limits: MedianLimits;
  readonly keepFailed: boolean;
  /** Hears every event after the state has it. */
  readonly onEvent: (event: Recorded) => void;
}

/**
 * Carries a batch forward in turns. A turn takes the news that came since the last one, concludes what is due, and
 * launches what can be launched: decided together, recorded in one piece, then acted upon.
 */
export class Dispatcher {
  /** Raised when another turn may find something to do. */
  readonly news = new Signal();
  readonly #options: DispatcherOptions;
  readonly #recorder: Recorder;
  readonly #collector: Collector;
  readonly #clearing: Clearing;
  readonly #handOver: HandOver;
  readonly #intents: Intents;
  readonly #letGo: LetGo;
  readonly #hostActions: HostActions;
  readonly #delayed: DelayedJobs;
  readonly #overdue: EndOverdue;
  readonly #cooling: CoolingHosts;
  readonly #leftResults = new LeftResults();
  readonly #askedEnds: AskedEnds;
  readonly #jobTime = new JobTime();
  readonly #unsubscribe: () => void;
  #inbox: NetworkEvent[] = [];
  #results: Result[] = [];
  #lastTurn: Promise<void> = Promise.resolve();

  /** Listens to the network from now on. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { batch, network, store, state, clock, limits, keepFailed, retryDelaySecs } = options;
    const notify = (): void => this.news.notify();
    const onResult = (result: Result): void => this.#takeResult(result);
    this.#recorder = new Recorder(store, state, (event, changed) => this.#react(event, changed));
    this.#collector = new Collector({ batch, network, store, onResult });
    this.#clearing = new Clearing({ network, store, keepFailed });
    this.#handOver = new HandOver({ batch, network, limits, onResult, onSettled: notify });
    this.#intents = new Intents({ batch, state, network });
    this.#letGo = new LetGo({ batch, state, network, clock, onChange: notify });
    this.#hostActions = new HostActions(batch, state, network);
    this.#delayed = new DelayedJobs({ state, clock, retryDelaySecs, onDue: notify });
    this.#overdue = new EndOverdue({ batch, state, network });
    this.#cooling = new CoolingHosts(state, clock, notify);
    this.#askedEnds = new AskedEnds({ batch, state, network, clock, onFound: notify });
    this.#unsubscribe = network.subscribe((event) => {
      this.#inbox.push(event);
      this.news.notify();
    });
  }

  /** What is under way between us and the hosts, jobs that run not counted. */
  get pending(): number {
    return this.#inbox.length + this.#results.length + this.#collector.pending + this.#handOver.pending;
  }

  /** Whether hosts are just ending attempts that are needed no more. */
  get ending(): boolean {
    return this.#letGo.pending > 0;
  }

  /** Whether results are being fetched that an earlier controller had to leave on their hosts. */
  get fetching(): boolean {
    return this.#leftResults.isFetching(this.pending > 0);
  }

  /** Records the start, or takes up what an earlier Manager left under way; every host must speak up first. */
  begin(): Promise<void> {
    const { batch, state } = this.#options;
    if (isOver(state)) return Promise.resolve();
    if (state.seq > 0) return this.#exclusive(() => this.#adopt());
    const hosts = state.hosts.map(({ name }) => name);
    return this.record([{ type: 'batch.started', batch, jobs: state.jobs.length, hosts }]);
  }

  /** Rejects once the store has failed; from then on always. Launches at most `limit` jobs. */
  turn(limit = Number.POSITIVE_INFINITY): Promise<void> {
    return this.#exclusive(() => this.#turn(limit));
  }

  /** Records, applies and tells, between two turns. */
  record(events: readonly GpoolEvent[]): Promise<void> {
    return this.#exclusive(() => this.#recorder.write(events));
  }

  /** Records what an order asks for; it is acted upon as every event is. Rejects with a SpecError, and nothing changed. */
  async order(order: Order): Promise<readonly ManagerEvent[]> {
    let plan: OrderPlan = { events: [], refusal: null };
    await this.#exclusive(async () => {
      plan = tryOrder(order, this.#options.state);
      await this.#recorder.write(plan.events);
    });
    if (plan.refusal) throw plan.refusal;
    this.news.notify();
    return plan.events;
  }

  /** Attempts that were handed out and have not ended. */
  listOpen(): Attempt[] {
    return listOpenAttempts(this.#options.batch, this.#options.state);
  }

  /** Asks the hosts how the open attempts stand, for ends that no event told. */
  async poll(): Promise<void> {
    // Of one that is on its way its host may know nothing yet.
    const statuses = await this.#askedEnds.poll(this.listOpen().filter(({ id }) => !this.#handOver.has(id)));
    for (const rule of this.#options.rules) rule.hear?.(statuses);
  }

  /** Tries again what a short fault of the link had put off on hosts that can be asked. */
  retryDeferred(): void {
    for (const { name, state } of this.#options.state.hosts) {
      if (state === STATE_FREE || state === STATE_BUSY) this.#resume(name);
    }
  }

  /** Hears nothing more of the network. */
  close(): void {
    this.#unsubscribe();
    this.#options.resting.close();
    this.#delayed.close();
    this.#cooling.close();
    this.#letGo.close();
    this.#askedEnds.close();
    for (const rule of this.#options.rules) rule.close?.();
  }

  #exclusive(task: () => Promise<void>): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(task);
    return this.#lastTurn;
  }

  async #turn(limit: number): Promise<void> {
    const [news, silent] = [this.#inbox, this.#askedEnds.take()];
    this.#inbox = [];
    await this.#recorder.write(news);
    await this.#recorder.write(inferEnds(this.#options.state, silent));
    const results = this.#results;
    const { events: conclusions, later } = this.#conclude();
    this.#results = later;
    await this.#recorder.write(conclusions);
    this.#clearing.take(results);
    await this.#followRules();
    await this.#recorder.write(this.#planLaunches(limit));
    if (conclusions.length > 0) this.news.notify();
  }

  /** One after the other: each sees what the one before it decided. */
  async #followRules(): Promise<void> {
    for (const rule of this.#options.rules) await this.#recorder.write(rule.decide());
  }

  #conclude(): Conclusions {
    const { state } = this.#options;
    return drawConclusions(state, this.#results, createRetryPolicy(this.#options, state));
  }

  #planLaunches(limit: number): ManagerEvent[] {
    const { state, placement, random, detach } = this.#options;
    if (state.stopping !== null) return [];
    const maxRunning = state.maxRunning ?? this.#options.maxRunning;
    const medianMs = this.#jobTime.medianMs;
    const { names: resting, doubted } = this.#options.resting;
    const reserve = { resting, doubted, probing: this.#cooling.ready };
    const limits = { maxRunning, limit, medianMs, detach, delayed: this.#delayed };
    const policy = { placement, random, ...limits, ...reserve };
    return planLaunches(state, policy).map(({ job, host }) => {
      const attempt = formatAttemptId(job.id, job.attempts.length + 1);
      return { type: 'job.launched', job: job.id, attempt, host };
    });
  }

  /** What follows at once from an event that the state has by now. */
  #react(event: Recorded, changed: boolean): void {
    if (changed) this.#act(event);
    for (const rule of this.#options.rules) rule.observe?.(event);
    this.#options.onEvent(event);
  }

  #act(event: Recorded): void {
    if (event.type === 'job.launched' || event.type === 'job.copied') this.#launch(event.attempt);
    else if (event.type === 'job.started') this.#options.resting.accept(event.host);
    else if (event.type === 'job.ended') this.#settle(event);
    else if (event.type === 'job.returned') this.#fetchLate(event.attempt);
    else if (event.type === 'host.ready') this.#resume(event.host);
    this.#intents.act(event);
    this.#hostActions.act(event);
    this.#cooling.observe(event);
    this.#leftResults.observe(event);
    this.#letGo.act(event);
    this.#delayed.act(event);
    this.#overdue.act(event);
    this.#askedEnds.act(event);
  }

  #launch(id: string): void {
    const found = findByAttempt(this.#options.state, id);
    if (found) this.#handOver.start(found.job, found.attempt);
  }

  /** Nothing is asked of the host for an attempt that left nothing, or that is needed no more. */
  #settle({ attempt: id, outcome, output, usage }: Extract<NetworkEvent, { type: 'job.ended' }>): void {
    const found = findByAttempt(this.#options.state, id);
    if (!found || found.attempt.settled) return;
    const { job, attempt } = found;
    const ran = attempt.startedAt !== null && outcome.kind !== 'lost';
    if (ran) this.#jobTime.add(usage.wallMs);
    const hasReturns = job.spec.returns.length > 0 && ran;
    if (output.stdout || output.stderr || hasReturns) this.#collector.add(job, attempt);
    else this.#takeResult({ kind: 'collected', job, attempt, collected: NOTHING });
  }

  #fetchLate(id: string): void {
    const found = findByAttempt(this.#options.state, id);
    if (found) this.#collector.addOnce(found.job, found.attempt);
  }

  #takeResult(result: Result): void {
    if (isRefusal(result)) this.#options.resting.refuse(result.attempt.host);
    this.#results.push(result);
    this.news.notify();
  }

  #resume(host: string): void {
    this.#handOver.resume(host);
    this.#collector.resume(host);
    this.#intents.resume(host);
    this.#letGo.resume(host);
  }

  async #adopt(): Promise<void> {
    const { state } = this.#options;
    const asked = new Set(this.#options.network.getHosts().map(({ name }) => name));
    await this.#recorder.write(awayEvents(state, asked));
    for (const job of state.jobQueue.inState(STATE_UNKNOWN)) {
      for (const attempt of liveAttempts(job)) {
        if (attempt.outcome !== null) this.#collector.defer(job, attempt);
        else if (attempt.startedAt === null) this.#handOver.defer(job, attempt);
      }
    }
    this.#leftResults.adopt(state, asked, this.#collector);
    this.#letGo.adopt();
    this.#delayed.adopt();
  }
}
