import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.js';
import { type ErrorCode, GpoolError, HostError, TransportError, toFault } from '../../errors.js';
import type { HostFacts, NetworkEvent } from '../../events/event.js';
import type { Random } from '../../random.js';
import type { Host, SlotRule } from '../../spec/host.js';
import { resolveSlots } from '../../spec/inventory/slot-rule.js';
import type { Shell } from '../shell/shell.js';
import { backoffMs, type ReconnectPolicy } from './backoff.js';
import { awaitRefusal, type Bridge } from './bridge.js';
import { connectHost } from './connect-host.js';
import { EmptyTalk } from './empty-talk.js';
import { type GjobEvent, parseEventLine } from './gjob-events.js';
import { RequestSender } from './gjob-requests.js';
import type { Helper } from './helper-install.js';
import { lostError } from './link-faults.js';
import { toNetworkEvent } from './network-events.js';
import { isHostsWord, mayPass } from './passing-fault.js';
import type { Session } from './session.js';
import { StorePlace, type StoreStart } from './store-place.js';

/** What a link needs of its surroundings. */
export interface HostLinkOptions {
  readonly openShell: (host: Host) => Shell;
  /** Read anew for each connection: an update of this package must not set hosts aside. */
  readonly helper: () => Helper;
  readonly batch: string;
  /** What is known of what the host keeps. */
  readonly start: StoreStart;
  /** The batch directory's own id; null when it has none. */
  readonly key: string | null;
  /** Whose the batch is, for the host's record; null leaves that as it is. */
  readonly owner: string | null;
  /** Whether jobs run there; a management node is only asked. */
  readonly runsJobs: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly reconnect: ReconnectPolicy;
  /** Takes news for the rest of gpool, in order. */
  readonly emit: (event: NetworkEvent) => void;
  /** Takes each of the host's own events, before it is told. */
  readonly observe: (event: GjobEvent) => void;
}

/**
 * The life of one host: connect, put the helper there, start the bridge, listen; on a loss wait and connect again until
 * closed. A host that cannot be used is given up at once; when that may pass by itself it is tried again now and then.
 */
export class HostLink {
  #state: 'new' | 'up' | 'lost' | 'failed' | 'closed' = 'new';
  #session: Session | null = null;
  #bridge: Bridge | null = null;
  #sender: RequestSender | null = null;
  #shell: Shell | null = null;
  #fault: Error | null = null;
  /** Why it is away, as was told last; null while it is here. */
  #told: ErrorCode | null = null;
  readonly #place: StorePlace;
  /** Ends the present connection with this reason. */
  #drop: (error: Error) => void = () => {};
  #wake: () => void = () => {};
  #agentGone: () => void = () => {};

  #facts: HostFacts | null = null;
  #host: Host;

  constructor(
    host: Host,
    readonly options: HostLinkOptions,
  ) {
    this.#host = host;
    this.#place = new StorePlace(options.start);
  }

  get host(): Host {
    return this.#host;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /**
   * The connection to use now.
   *
   * @throws the HostError that ended this host, or TransportError E_CONN_LOST while it is away.
   */
  get session(): Session {
    if (this.#session) return this.#session;
    throw this.#fault ?? lostError('the host is not connected', this.host.name);
  }

  /** Connects and stays connected; resolves when the host is ready or has failed once. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      void this.#live(resolve);
    });
  }

  /** Hands a request to the agent; resolves once it is on the host's disk. */
  async send(line: string): Promise<void> {
    const { shell } = this.session;
    if (this.#sender) return this.#sender.send(line);
    throw new HostError('E_HOST_UNKNOWN', { what: 'this host runs no jobs', where: shell.where });
  }

  /** Lets the host clear an attempt, when a connection is there to say so. */
  clear(attempt: string, options: { readonly soon: boolean }): void {
    this.#sender?.clear(attempt, options);
  }

  /** Another number of slots, from now on: told to the agent at once if it can be, else with the next connection. */
  async resize(rule: SlotRule): Promise<void> {
    this.#host = { ...this.#host, slots: rule };
    const facts = this.#facts;
    if (!this.isUp || !facts) return;
    const slots = resolveSlots(rule, facts.cores);
    await this.send(`slots\t${slots}`);
    const store = this.#place.id ?? undefined;
    this.options.emit({ type: 'host.ready', host: this.host.name, slots, facts, ...(store && { store }) });
  }

  /** Asks the agent to end; resolves when it did or `limitMs` have passed. */
  async dismissAgent(limitMs: number): Promise<void> {
    if (!this.isUp) return;
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.after(limitMs, resolve);
      this.#agentGone = () => {
        cancel();
        resolve();
      };
      this.send('quit').catch(() => {}); // the agent may be gone before it acknowledges
    });
  }

  /** Has the host forget the batch, which is over, and is done with it; resolves when it did or `limitMs` have passed. */
  async forgetBatch(limitMs: number): Promise<void> {
    const bridge = this.#bridge;
    if (!this.isUp || !bridge) return;
    // The end of the bridge is no loss now.
    this.#state = 'closed';
    bridge.forget();
    const text = await awaitRefusal(bridge, this.options.clock, limitMs);
    if (text !== null) this.options.emit({ type: 'host.left', host: this.host.name, text });
  }

  /** Lets go of the host; what runs there goes on. Idempotent. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#drop(lostError('the connection was closed', this.host.name));
    this.#wake();
    await this.#letGo(lostError('the connection was closed', this.host.name));
  }

  async #live(settled: () => void): Promise<void> {
    for (let failures = 0; this.#state !== 'closed'; ) {
      const dropped = new Promise<never>((_, reject) => {
        this.#drop = reject;
      });
      dropped.catch(() => {});
      try {
        const ended = await this.#connect(dropped);
        failures = 0;
        settled();
        await Promise.race([dropped, ended()]);
      } catch (error) {
        await this.#fall(error);
        settled();
      }
      if (this.#state === 'failed' && !mayPass(this.#fault)) return;
      failures += 1;
      if (this.#state === 'lost' || this.#state === 'failed') await this.#pause(failures);
    }
    settled();
  }

  /** Connects; the answer waits for the bridge's end and rejects with the reason. */
  async #connect(dropped: Promise<never>): Promise<() => Promise<never>> {
    const { host } = this;
    const { batch, runsJobs, key, owner } = this.options;
    const helper = this.options.helper();
    const shell = this.options.openShell(host);
    this.#shell = shell;
    shell.onClose((error) => this.#drop(error ?? lostError('the connection was closed', shell.where)));
    // What a given-up connection still delivers comes again from the offset of the next one.
    const talk = new EmptyTalk(shell.where);
    const onLine = (line: string, offset: number) => {
      if (this.#shell === shell) talk.hear(line, this.#hear(line, offset));
    };
    const connecting = connectHost({
      shell,
      host,
      helper,
      batch,
      runsJobs,
      known: this.#place,
      key,
      owner,
      onLine,
    });
    const { session, facts, slots, bridge, listen } = await Promise.race([connecting, dropped]);
    if (this.#state === 'closed') throw lostError('the connection was closed', shell.where);
    if (bridge) {
      const prefix = randomBytes(6).toString('hex');
      this.#sender = new RequestSender(prefix, (frame) => bridge.write(frame), this.options.clock);
      this.#watchAnswers(this.#sender, null);
    }
    this.#session = session;
    this.#bridge = bridge;
    this.#facts = facts;
    this.#state = 'up';
    this.#told = null;
    if (bridge)
      this.options.emit({
        type: 'host.ready',
        host: host.name,
        slots,
        facts,
        ...this.#place.take(bridge.store, facts),
      });
    listen();
    return async () => {
      throw bridge ? await bridge.ended : await dropped;
    };
  }

  /** Whether the line meant anything. */
  #hear(line: string, offset: number): boolean {
    const event = parseEventLine(line, this.host.name);
    this.#place.offset = offset;
    if (!event) return false;
    if (event.kind === 'ack') return this.#sender?.acknowledge(event.token) ?? false;
    if (event.kind === 'dropped') this.#sender?.drop(event, this.host.name);
    if (event.kind === 'quit') this.#agentGone();
    this.options.observe(event);
    const news = toNetworkEvent(event, this.host.name, offset);
    if (news) this.options.emit(news);
    return event.kind !== 'agent' && event.kind !== 'quit';
  }

  /** The connection is over: lets go, and tells once that the host is lost or failed. */
  async #fall(error: unknown): Promise<void> {
    const wasLost = this.#state === 'lost';
    const wasFailed = this.#state === 'failed';
    const hasWorked = this.#place.offset > 0 || this.#facts !== null;
    const passing = !wasFailed && (error instanceof TransportError || (hasWorked && mayPass(error)));
    const gone = passing ? 'the host cannot work now' : 'the host was given up';
    const reason = error instanceof TransportError ? error : lostError(gone, this.host.name);
    const isNews = this.#state !== 'closed' && !(wasFailed && error instanceof TransportError);
    if (isNews) {
      this.#state = passing ? 'lost' : 'failed';
      this.#fault = !passing && error instanceof GpoolError ? error : reason;
    }
    await this.#letGo(reason);
    const fault = toFault(error, this.host.name);
    // A host that is away for another reason than was told, one that a person can do something about, is news.
    const isKnown = !isHostsWord(error) || fault.code === this.#told;
    if (this.#state === 'closed' || (passing && wasLost && isKnown) || wasFailed) return;
    this.#told = fault.code;
    this.options.emit({ type: passing ? 'host.lost' : 'host.failed', host: this.host.name, fault });
  }

  async #letGo(reason: TransportError): Promise<void> {
    this.#session = null;
    this.#bridge = null;
    this.#sender?.fail(reason);
    this.#sender = null;
    const shell = this.#shell;
    this.#shell = null;
    await shell?.close().catch(() => {}); // it is given up in any case
  }

  #pause(failures: number): Promise<void> {
    const { clock, random, reconnect } = this.options;
    return new Promise((resolve) => {
      const cancel = clock.after(backoffMs(failures, this.#fault, random, reconnect), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** A frame that is still unanswered one whole interval later means that nobody is there. */
  #watchAnswers(sender: RequestSender, before: string | null): void {
    if (sender !== this.#sender) return;
    const { oldest } = sender;
    if (oldest !== null && oldest === before) {
      const what = `no answer from the agent within ${ANSWER_MS / 1000} s`;
      this.#drop(new TransportError('E_DEADLINE', { what, where: this.host.name }));
    } else {
      this.options.clock.after(ANSWER_MS, () => this.#watchAnswers(sender, oldest), { unref: true });
    }
  }
}

const ANSWER_MS = 30_000;
