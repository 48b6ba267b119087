import type { Clock } from '../../clock.js';
import { HostError, JobError, TransportError } from '../../errors.js';
import type { Collected, HostFacts, NetworkEvent } from '../../events/event.js';
import type { Host } from '../../spec/host.js';
import type {
  Attempt,
  AttemptStatus,
  BatchContext,
  CloseOptions,
  EndedAttempt,
  Network,
  NetworkListener,
  OutputRange,
} from '../network.js';
import { writeCollected } from './collect.js';
import { Machine } from './machine.js';
import type { AttemptPlan, Outage, Plan, SimulatedHost } from './plan.js';

export interface SimulatedNetworkOptions {
  /** Names, or machines with their properties. */
  readonly hosts: readonly (string | SimulatedHost)[];
  readonly clock: Clock;
  /** What each attempt does. @default it takes a second and succeeds */
  readonly plan?: Plan;
}

/** A pool in memory, on a clock of your choice, where everything that goes wrong was planned. Runs no command. */
export class SimulatedNetwork implements Network {
  readonly #clock: Clock;
  readonly #plan: Plan;
  readonly #links = new Map<string, Link>();
  readonly #listeners = new Set<NetworkListener>();
  readonly #timers: (() => void)[] = [];
  #isOpen = false;

  constructor({ hosts, clock, plan = () => ({}) }: SimulatedNetworkOptions) {
    this.#clock = clock;
    this.#plan = plan;
    for (const host of hosts) {
      const properties = typeof host === 'string' ? { name: host } : host;
      const link: Link = { properties, machine: this.#createMachine(properties), state: 'away', held: [] };
      this.#links.set(properties.name, link);
    }
  }

  getHosts(): readonly Host[] {
    return [...this.#links.values()].map(({ machine }) => describeHost(machine));
  }

  subscribe(listener: NetworkListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  open(_batch: BatchContext): Promise<void> {
    this.#isOpen = true;
    for (const link of this.#links.values()) this.#connect(link);
    return Promise.resolve();
  }

  /** A new machine; one that is known gets another number of slots, and counts as ready anew. */
  async addHost({ name, slots }: Host): Promise<void> {
    const properties = { name, slots: slots.kind === 'count' ? slots.count : 1 };
    const known = this.#links.get(name);
    if (known) {
      known.machine.resize(properties.slots);
      if (known.state === 'ready') this.#welcome(known);
      return;
    }
    const link: Link = { properties, machine: this.#createMachine(properties), state: 'away', held: [] };
    this.#links.set(name, link);
    this.#connect(link);
  }

  async removeHost(name: string): Promise<void> {
    const link = this.#links.get(name);
    if (link) link.state = 'away';
    this.#links.delete(name);
  }

  async launchJob(attempt: Attempt): Promise<void> {
    const { machine } = this.#reach(attempt);
    const plan = this.#plan(attempt);
    if (plan.refusal) throw plan.refusal;
    machine.accept(attempt, plan);
    if (plan.lostAnswer) throw plan.lostAnswer;
  }

  getJobStatus(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, AttemptStatus>> {
    const statuses = attempts.map(({ id, host }): [string, AttemptStatus] => {
      const link = this.#links.get(host);
      return [id, link?.state === 'ready' ? link.machine.status(id) : { state: 'unknown' }];
    });
    return Promise.resolve(new Map(statuses));
  }

  async getStdout(attempt: Attempt, range?: OutputRange): Promise<Buffer> {
    return cut(this.#planOf(attempt).stdout, range);
  }

  async getStderr(attempt: Attempt, range?: OutputRange): Promise<Buffer> {
    return cut(this.#planOf(attempt).stderr, range);
  }

  async collectJob(attempt: Attempt, directory: string): Promise<Collected> {
    return writeCollected(attempt, this.#planOf(attempt), directory);
  }

  async killJob(attempt: Attempt): Promise<void> {
    this.#reach(attempt).machine.kill(attempt.id);
  }

  async recallJob(attempt: Attempt): Promise<void> {
    this.#reach(attempt).machine.recall(attempt.id);
  }

  async pauseJob(attempt: Attempt): Promise<void> {
    this.#reach(attempt).machine.pause(attempt.id);
  }

  async unpauseJob(attempt: Attempt): Promise<void> {
    this.#reach(attempt).machine.unpause(attempt.id);
  }

  clearJob({ id, host }: EndedAttempt): void {
    const link = this.#links.get(host);
    if (link?.state === 'ready') link.machine.clear(id);
  }

  async deleteJob(attempt: Attempt): Promise<void> {
    this.#reach(attempt).machine.delete(attempt.id);
  }

  /** What runs goes on, and may be seen again after another `open`; with `cleanup` the machines forget everything. */
  async close({ cleanup = false, keep }: CloseOptions = {}): Promise<void> {
    this.#isOpen = false;
    for (const cancel of this.#timers.splice(0)) cancel();
    for (const link of this.#links.values()) {
      link.state = 'away';
      if (cleanup && !keep?.has(link.properties.name)) link.machine = this.#createMachine(link.properties);
    }
  }

  #createMachine(properties: SimulatedHost): Machine {
    return new Machine(properties, this.#clock, (event) => this.#forward(event));
  }

  #connect(link: Link): void {
    const { fault, outages = [], name } = link.properties;
    if (fault) {
      link.state = 'away';
      const type = fault instanceof HostError ? 'host.failed' : 'host.lost';
      this.#emit({ type, host: name, fault: fault.toFault() });
      return;
    }
    this.#welcome(link);
    for (const outage of outages) this.#schedule(outage.atMs, () => this.#lose(link, outage));
  }

  #welcome(link: Link): void {
    const { name, slots } = link.machine;
    link.state = 'ready';
    this.#emit({ type: 'host.ready', host: name, slots, facts: { ...FACTS, cores: slots, hostname: name } });
    for (const event of link.held.splice(0)) this.#emit(event);
  }

  #lose(link: Link, { forMs = Number.POSITIVE_INFINITY, reboots = false }: Outage): void {
    if (link.state !== 'ready') return;
    link.state = 'away';
    this.#emit({
      type: 'host.lost',
      host: link.properties.name,
      fault: lostLink(link.properties.name).toFault(),
    });
    if (reboots) link.machine.reboot();
    this.#schedule(forMs, () => this.#welcome(link));
  }

  #schedule(ms: number, callback: () => void): void {
    if (ms !== Number.POSITIVE_INFINITY) this.#timers.push(this.#clock.after(ms, callback));
  }

  #forward(event: NetworkEvent): void {
    const link = this.#links.get(event.host);
    if (link?.state === 'ready') this.#emit(event);
    else link?.held.push(event);
  }

  #emit(event: NetworkEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #reach({ host }: Attempt): Link {
    const link = this.#links.get(host);
    if (!link) throw new HostError('E_HOST_UNKNOWN', { what: 'there is no such host', where: host });
    if (!this.#isOpen || link.state !== 'ready') throw lostLink(host);
    return link;
  }

  #planOf(attempt: Attempt): AttemptPlan {
    const plan = this.#reach(attempt).machine.planOf(attempt.id);
    if (plan) return plan;
    throw new JobError('E_STORE_GONE', {
      what: 'there is no such attempt',
      where: `${attempt.host}, ${attempt.id}`,
    });
  }
}

/** A machine and the way to it. */
interface Link {
  readonly properties: SimulatedHost;
  machine: Machine;
  state: 'ready' | 'away';
  /** News that came while it could not be reached. */
  readonly held: NetworkEvent[];
}

function lostLink(host: string): TransportError {
  return new TransportError('E_CONN_LOST', { what: 'the link is down', where: host });
}

function cut(text = '', { from = 0, maxBytes = DEFAULT_RANGE }: OutputRange = {}): Buffer {
  return Buffer.from(text).subarray(from, from + maxBytes);
}

function describeHost({ name, slots }: Machine): Host {
  const count = { kind: 'count', count: slots } as const;
  return {
    name,
    via: { kind: 'local' },
    slots: count,
    nice: 0,
    labels: [],
    root: '~/.gjob',
    init: [],
    env: {},
  };
}

const DEFAULT_RANGE = 16 * 1024 * 1024;
const FACTS: Omit<HostFacts, 'cores' | 'hostname'> = {
  bash: '5.2',
  memoryKb: 0,
  bootId: 'simulated',
  warnings: [],
};
