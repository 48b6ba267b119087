import type { Clock } from '../../clock.js';
import { JobError } from '../../errors.js';
import type { NetworkEvent } from '../../events/event.js';
import type { Outcome } from '../../events/outcome.js';
import type { Attempt, AttemptStatus } from '../network.js';
import type { AttemptPlan, SimulatedHost } from './plan.js';

/** What is kept of an attempt that has ended: a pool may see a million of them. */
interface EndedRun {
  readonly state: 'ended';
  readonly plan: AttemptPlan;
  readonly outcome: Outcome;
}

/** An attempt on a simulated machine that has not ended. */
interface Run {
  readonly id: string;
  readonly plan: AttemptPlan;
  state: 'waiting' | 'running';
  slot: number;
  startedAt: number;
  /** The same by `elapsed`. */
  startedMs: number;
  /** When it runs: since when, and what was left then. Milliseconds of `elapsed`. */
  resumedAt: number;
  leftMs: number;
  paused: boolean;
  cancelTimer: () => void;
}

/**
 * One simulated machine: slots, a backlog in order of arrival, records of every attempt. It goes on while nobody can
 * reach it; its news wait until then.
 */
export class Machine {
  readonly name: string;
  #slots: number;
  readonly #runs = new Map<string, Run | EndedRun>();
  readonly #speed: number;
  readonly #clock: Clock;
  readonly #tell: (event: NetworkEvent) => void;
  readonly #freeSlots: number[];
  #backlog: Run[] = [];
  #offset = 0;

  constructor(host: SimulatedHost, clock: Clock, tell: (event: NetworkEvent) => void) {
    this.name = host.name;
    this.#slots = host.slots ?? 1;
    this.#speed = host.speed ?? 1;
    this.#clock = clock;
    this.#tell = tell;
    this.#freeSlots = Array.from({ length: this.#slots }, (_, at) => this.#slots - at);
  }

  get slots(): number {
    return this.#slots;
  }

  /** Slots above `count` are closed once their attempts have ended. */
  resize(count: number): void {
    for (let slot = this.#slots + 1; slot <= count; slot += 1) this.#freeSlots.unshift(slot);
    this.#slots = count;
    const closed = this.#freeSlots.filter((slot) => slot > count);
    for (const slot of closed) this.#freeSlots.splice(this.#freeSlots.indexOf(slot), 1);
    this.#startNext();
  }

  /** Idempotent by the attempt's id. */
  accept(attempt: Attempt, plan: AttemptPlan): void {
    const { id } = attempt;
    if (this.#runs.has(id)) return;
    const run = createRun(id, plan, (plan.durationMs ?? DEFAULT_DURATION_MS) / this.#speed);
    this.#runs.set(id, run);
    this.#backlog.push(run);
    this.#startNext();
  }

  status(id: string): AttemptStatus {
    const run = this.#runs.get(id);
    if (!run) return { state: 'unknown' };
    if (run.state === 'waiting') return { state: 'free' };
    if (run.state !== 'ended')
      return { state: 'busy', paused: run.paused, ranMs: this.#clock.elapsed() - run.startedMs };
    const { outcome } = run;
    return outcome.kind === 'succeeded' ? { state: 'done' } : { state: 'error', outcome };
  }

  /** What an attempt was to do, as far as it came to that; undefined when there is none. */
  planOf(id: string): AttemptPlan | undefined {
    const run = this.#runs.get(id);
    return run?.state === 'waiting' ? {} : run?.plan;
  }

  kill(id: string): void {
    const run = this.#runs.get(id);
    if (run && run.state !== 'ended') this.#end(run, { kind: 'cancelled' });
  }

  recall(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state === 'waiting') this.#end(run, { kind: 'recalled' });
  }

  pause(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state !== 'running' || run.paused) return;
    run.cancelTimer();
    run.leftMs -= this.#clock.elapsed() - run.resumedAt;
    run.paused = true;
  }

  unpause(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state === 'running' && run.paused) this.#go(run);
  }

  /** Keeps of an ended one how it ended. */
  clear(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state === 'ended') this.#runs.set(id, { state: 'ended', plan: CLEARED, outcome: run.outcome });
  }

  delete(id: string): void {
    const run = this.#runs.get(id);
    if (run?.state === 'running') {
      const next = 'Kill it first.';
      throw new JobError('E_COMMAND', {
        what: 'the attempt is running',
        where: `${this.name}, attempt ${id}`,
        next,
      });
    }
    this.#backlog = this.#backlog.filter((waiting) => waiting !== run);
    this.#runs.delete(id);
  }

  /** What runs is lost; what waits goes on. */
  reboot(): void {
    const fault = new JobError('E_STORE_GONE', {
      what: 'the host was rebooted',
      where: this.name,
    }).toFault();
    const running = [...this.#runs.values()].flatMap((run) => (run.state === 'running' ? run : []));
    for (const run of running) this.#end(run, { kind: 'lost', fault });
  }

  #startNext(): void {
    while (this.#freeSlots.length > 0) {
      const run = this.#backlog.shift();
      if (!run) return;
      // Else it was taken back meanwhile.
      if (this.#runs.get(run.id) === run) this.#start(run);
    }
  }

  #start(run: Run): void {
    run.slot = this.#freeSlots.pop() ?? 1;
    run.state = 'running';
    run.startedAt = this.#clock.now();
    run.startedMs = this.#clock.elapsed();
    this.#offset += 1;
    const { slot, id } = run;
    if (run.plan.starts !== false)
      this.#say(run, { type: 'job.started', attempt: id, host: this.name, slot, offset: this.#offset });
    this.#go(run);
  }

  #go(run: Run): void {
    run.paused = false;
    run.resumedAt = this.#clock.elapsed();
    if (run.leftMs === Number.POSITIVE_INFINITY) return;
    run.cancelTimer = this.#clock.after(run.leftMs, () => this.#end(run, run.plan.outcome ?? SUCCEEDED));
  }

  #end(run: Run, outcome: Outcome): void {
    run.cancelTimer();
    const wasRunning = run.state === 'running';
    this.#runs.set(run.id, { state: 'ended', plan: run.plan, outcome });
    this.#offset += 1;
    this.#say(run, this.#describeEnd(run, outcome, wasRunning));
    if (!wasRunning) return;
    if (run.slot <= this.#slots) this.#freeSlots.push(run.slot);
    this.#startNext();
  }

  #describeEnd({ id, plan, startedAt }: Run, outcome: Outcome, wasRunning: boolean): NetworkEvent {
    const wallMs = wasRunning ? this.#clock.now() - startedAt : 0;
    const left = wasRunning && outcome.kind !== 'lost';
    return {
      type: 'job.ended',
      attempt: id,
      host: this.name,
      outcome,
      usage: {
        startedAt: wasRunning ? startedAt : this.#clock.now(),
        wallMs,
        userMs: 0,
        systemMs: 0,
        peakKb: 0,
      },
      output: { stdout: left && Boolean(plan.stdout), stderr: left && Boolean(plan.stderr) },
      offset: this.#offset,
    };
  }

  #say({ plan }: Run, event: NetworkEvent): void {
    if (!plan.silent) this.#tell(event);
  }
}

const CLEARED: AttemptPlan = {};
const DEFAULT_DURATION_MS = 1_000;

function createRun(id: string, plan: AttemptPlan, leftMs: number): Run {
  const cancelTimer = NOTHING_TO_CANCEL;
  return {
    id,
    plan,
    state: 'waiting',
    slot: 0,
    startedAt: 0,
    startedMs: 0,
    resumedAt: 0,
    leftMs,
    paused: false,
    cancelTimer,
  };
}

const SUCCEEDED: Outcome = { kind: 'succeeded' };
const NOTHING_TO_CANCEL = (): void => {};
