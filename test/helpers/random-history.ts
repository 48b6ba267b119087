import type { Fault } from '../../src/errors.js';
import type { GpoolEvent, Recorded } from '../../src/events/event.js';
import type { Outcome } from '../../src/events/outcome.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { type BatchState, createBatchState, type HostRecord } from '../../src/queue/batch-state.js';
import { type AttemptRecord, type Job, liveAttempts } from '../../src/queue/job.js';
import { mayReturn } from '../../src/queue/returned-attempts.js';
import type { Random } from '../../src/random.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { anyHost } from './any-host.js';
import { makeSpec } from './make-specs.js';

/** A spec that runs `true`, with what is given in its place. */
export function anySpec(spec: Partial<JobSpec> = {}): JobSpec {
  return makeSpec({ name: 'sim', ...spec });
}

export function anySpecs(count: number): JobSpec[] {
  return Array.from({ length: count }, (_, index) => anySpec({ name: `sim#${index + 1}` }));
}

/** A fault of a host, as a transport reports it. */
export const LOST: Fault = {
  code: 'E_CONN_LOST',
  domain: 'transport',
  what: 'the link is gone',
  where: 'lab01',
  next: 'Wait.',
};

/** A batch that lives at random: only events that can be, late and doubled news among them. */
export class RandomHistory {
  readonly specs: readonly JobSpec[];
  readonly hosts: readonly string[];
  readonly state: BatchState;
  readonly events: Recorded[] = [];
  readonly #random: Random;
  readonly #warning: string;
  readonly #told: GpoolEvent[] = [];

  /** `warning` is how long a host's warning is: makes lines long. */
  constructor(
    random: Random,
    size: { readonly jobs: number; readonly hosts: number; readonly warning?: number },
  ) {
    this.#random = random;
    this.#warning = 'ü'.repeat(size.warning ?? 1);
    this.specs = anySpecs(size.jobs);
    this.hosts = Array.from({ length: size.hosts }, (_, index) => `lab${index} "ü"\n`);
    this.state = createBatchState(this.specs, this.hosts);
    this.#apply({ type: 'batch.started', batch: 'b', jobs: size.jobs, hosts: this.hosts });
  }

  /** Applies so many random events. */
  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) this.#apply(this.#next());
  }

  #apply(event: GpoolEvent): void {
    const seq = this.state.seq + 1;
    const at = new Date(1_700_000_000_000 + seq * 7).toISOString();
    const recorded: Recorded = { seq, at, ...event };
    applyEvent(this.state, recorded);
    this.events.push(recorded);
    this.#told.push(event);
  }

  #next(): GpoolEvent {
    const dice = this.#random();
    if (dice < 0.04) return this.#hostEvent();
    if (dice < 0.08) return this.#oldNews() ?? this.#hostEvent();
    const job = this.#pick(this.state.jobs);
    if (dice < 0.12) return this.#intent(job.id);
    return this.#jobEvent(job) ?? this.#hostEvent();
  }

  #hostEvent(): GpoolEvent {
    const host = this.#pick(this.hosts);
    const dice = this.#random();
    if (dice > 0.75) return this.#poolEvent(host);
    if (dice < 0.15) return { type: 'host.lost', host, fault: LOST };
    if (dice < 0.2) return { type: 'host.failed', host, fault: { ...LOST, code: 'E_AUTH', domain: 'host' } };
    const facts = {
      cores: 2,
      bash: '5.2',
      memoryKb: 1,
      bootId: 'x',
      hostname: host,
      warnings: [this.#warning],
    };
    return { type: 'host.ready', host, slots: 1 + Math.floor(dice * 3), facts };
  }

  /** What a person wants of a job, however it stands. */
  #intent(job: string): GpoolEvent {
    const dice = this.#random();
    if (dice < 0.1) return { type: 'batch.capped', maxRunning: dice < 0.05 ? null : 3 };
    if (dice < 0.15) return this.#stop();
    if (dice < 0.3) return { type: 'job.cancelling', job, reason: 'asked' };
    return { type: dice < 0.7 ? 'job.pausing' : 'job.unpausing', job };
  }

  #stop(): GpoolEvent {
    const mode = this.#pick(['leave', 'drain', 'kill'] as const);
    if (this.state.stopping !== null) return { type: 'batch.resumed' };
    return { type: 'batch.stopping', reason: 'enough', ...(mode !== 'leave' && { mode }) };
  }

  #poolEvent(host: string): GpoolEvent {
    return this.#pick<GpoolEvent>([
      { type: 'host.held', host, reason: 'busy today' },
      { type: 'host.released', host },
      { type: 'host.draining', host, reason: 'repairs' },
      { type: 'host.drained', host },
      { type: 'host.removed', host, reason: 'sold' },
      { type: 'host.set-aside', host, fault: LOST, untilMs: 1_700_000_000_000 },
      { type: 'host.readmitted', host },
      { type: 'host.slowed', host, ratio: 1.75 },
      { type: 'host.recovered', host },
      { type: 'host.added', host, description: anyHost(host) },
      { type: 'host.added', host: `${host}+`, description: anyHost(`${host}+`) },
    ]);
  }

  /** News that was told before, once more. */
  #oldNews(): GpoolEvent | null {
    const event = this.#pick(this.#told);
    return event.type === 'job.started' || event.type === 'job.ended' ? event : null;
  }

  #jobEvent(job: Job): GpoolEvent | null {
    const open = job.attempts.filter(({ outcome, settled }) => !outcome || !settled);
    const dice = this.#random();
    if (dice > 0.9) return this.#late(job);
    if (job.state === 'free' && (open.length === 0 || dice < 0.5)) return this.#launch(job);
    if (open.length === 0 || (dice < 0.1 && (job.state === 'done' || job.state === 'error')))
      return dice < 0.1 ? { type: 'job.reopened', job: job.id, reason: 'rerun' } : null;
    if (job.state === 'busy' && dice < 0.1) return this.#copy(job);
    return this.#attemptEvent(job, this.#pick(open));
  }

  /** News of what counts as lost, and what the Manager makes of that. */
  #late(job: Job): GpoolEvent | null {
    const back = job.attempts.find((attempt) => mayReturn(this.state, job, attempt));
    if (back) return { type: 'job.returned', job: job.id, attempt: back.id };
    const lost = job.attempts.find(({ outcome, late }) => outcome?.kind === 'lost' && late === null);
    return lost ? this.#end({ attempt: lost.id, host: lost.host, offset: 7 }) : null;
  }

  /** News of one of its attempts, or what the Manager makes of that; of one that is needed no more only news. */
  #attemptEvent(job: Job, attempt: AttemptRecord): GpoolEvent {
    const dice = this.#random();
    const ids = { job: job.id, attempt: attempt.id };
    const news = { attempt: attempt.id, host: attempt.host, offset: Math.floor(dice * 1e6) };
    if (!attempt.outcome && dice < 0.4) return { type: 'job.started', slot: 1, ...news };
    if (!attempt.outcome && dice < 0.45)
      return { type: 'job.overdue', job: job.id, attempt: attempt.id, limitSecs: 1 };
    if (!attempt.outcome && dice < 0.5) return { type: 'job.recalled', ...ids, host: attempt.host };
    if (!attempt.outcome && (attempt.settled || dice < 0.9)) return this.#end(news);
    if (attempt.outcome?.kind !== 'succeeded' && liveAttempts(job).length > 1 && dice < 0.95)
      return { type: 'job.dropped', ...ids, outcome: attempt.outcome ?? { kind: 'cancelled' }, fault: null };
    return this.#settle(job, attempt.id, attempt.outcome);
  }

  #copy(job: Job): GpoolEvent {
    const taken = liveAttempts(job).map(({ host }) => host);
    const host = this.#pick(this.state.hosts).name;
    if (taken.includes(host)) return this.#hostEvent();
    return { type: 'job.copied', job: job.id, attempt: `${job.id}.${job.attempts.length + 1}`, host };
  }

  #launch(job: Job): GpoolEvent {
    const host: HostRecord = this.#pick(this.state.hosts);
    const attempt = `${job.id}.${job.attempts.length + 1}`;
    return { type: 'job.launched', job: job.id, attempt, host: host.name };
  }

  #end(news: { readonly attempt: string; readonly host: string; readonly offset: number }): GpoolEvent {
    const outcome = this.#pick(OUTCOMES);
    const usage = { startedAt: 1_700_000_000_123, wallMs: 12, userMs: 3, systemMs: 1, peakKb: 0 };
    return {
      type: 'job.ended',
      outcome,
      usage,
      output: { stdout: true, stderr: false, stdoutBytes: 7 },
      ...news,
    };
  }

  #settle(job: Job, attempt: string, outcome: Outcome | null): GpoolEvent {
    const ids = { job: job.id, attempt };
    const stdoutBytes = this.#random() < 0.5 ? 0 : 7;
    const collected = { stdoutBytes, stderrBytes: 0, files: [], missing: [], skipped: [] };
    if (outcome?.kind === 'succeeded') return { type: 'job.done', ...ids, collected };
    if (this.#random() < 0.5) {
      const later = this.#random() < 0.5 ? {} : { cost: 2, notBefore: 1_700_000_000_000 };
      return { type: 'job.requeued', ...ids, reason: outcome ?? LOST, counted: outcome !== null, ...later };
    }
    const lost: Outcome = { kind: 'lost', fault: LOST };
    return {
      type: 'job.failed',
      ...ids,
      outcome: outcome ?? lost,
      fault: outcome ? null : LOST,
      collected: null,
    };
  }

  #pick<T>(list: readonly T[]): T {
    const element = list[Math.floor(this.#random() * list.length)];
    if (element === undefined) throw new Error('nothing to pick from');
    return element;
  }
}

const OUTCOMES: readonly Outcome[] = [
  { kind: 'succeeded' },
  { kind: 'succeeded' },
  { kind: 'failed', code: 3 },
  { kind: 'killed', signal: 9 },
  { kind: 'timed-out' },
  { kind: 'cancelled' },
  { kind: 'recalled' },
];
