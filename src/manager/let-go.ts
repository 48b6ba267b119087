import type { Clock } from '../clock.js';
import type { Recorded } from '../events/event.js';
import type { Network } from '../network/network.js';
import type { BatchState } from '../queue/batch-state.js';
import { findByAttempt } from '../queue/find-by-attempt.js';
import { isReachable } from '../queue/host-events.js';
import type { AttemptRecord, Job } from '../queue/job.js';
import { createAttempt } from './attempt.js';

interface LetGoOptions {
  readonly batch: string;
  readonly state: BatchState;
  readonly network: Network;
  readonly clock: Clock;
  /** Called when there may be less to wait for. */
  readonly onChange: () => void;
}

/**
 * Tells the hosts to let go of attempts: to end those that are needed no more, because another one has decided the job, and to
 * give back those that are asked back. A host that cannot be asked is told when it returns, also by a later controller: what
 * is wanted is in the journal. Telling twice does no harm.
 */
export class LetGo {
  readonly #options: LetGoOptions;
  readonly #wanted = new Map<AttemptRecord, Job>();
  /** Those that their hosts were told to end. */
  readonly #told = new WeakSet<AttemptRecord>();
  /** Until when the end of an attempt is worth waiting for, by `elapsed`. */
  readonly #waitUntil = new Map<AttemptRecord, number>();
  readonly #timers = new Set<() => void>();
  #removing = 0;

  constructor(options: LetGoOptions) {
    this.#options = options;
  }

  /** How many attempts are just being ended or removed on hosts that can be asked. */
  get pending(): number {
    const now = this.#options.clock.elapsed();
    const ending = [...this.#waitUntil].filter(([at, until]) => until > now && this.#isReachable(at));
    return ending.length + this.#removing;
  }

  /** Takes up what an earlier controller wanted. O(jobs). */
  adopt(): void {
    for (const job of this.#options.state.jobs) {
      for (const attempt of job.attempts) if (isUnwanted(attempt)) this.#wanted.set(attempt, job);
    }
  }

  /** Follows an event that the state has by now. */
  act(event: Recorded): void {
    if (event.type === 'job.started') this.#onStarted(event.attempt);
    else if (event.type === 'job.ended') this.#onEnded(event.attempt);
    else if (LETS_GO.has(event.type) && 'job' in event) this.#take(event.job);
  }

  /** Tells the host once more what it has not done. */
  resume(host: string): void {
    for (const [attempt, job] of this.#wanted) if (attempt.host === host) this.#tell(job, attempt);
  }

  close(): void {
    for (const cancel of this.#timers) cancel();
  }

  #take(id: string): void {
    const job = this.#options.state.jobById.get(id);
    if (!job) return;
    for (const attempt of job.attempts) {
      if (!isUnwanted(attempt) || this.#told.has(attempt)) continue;
      this.#wanted.set(attempt, job);
      this.#tell(job, attempt);
    }
  }

  /** It was on its way to its slot when it was let go of. */
  #onStarted(id: string): void {
    if (this.#wanted.size === 0) return;
    const found = findByAttempt(this.#options.state, id);
    if (!found || !this.#wanted.has(found.attempt)) return;
    if (found.attempt.settled) this.#tell(found.job, found.attempt);
    else this.#wanted.delete(found.attempt);
  }

  #onEnded(id: string): void {
    const found = findByAttempt(this.#options.state, id);
    if (!found) return;
    this.#wanted.delete(found.attempt);
    this.#waitUntil.delete(found.attempt);
    if (found.attempt.settled) this.#remove(found.job, found.attempt);
  }

  #tell(job: Job, attempt: AttemptRecord): void {
    if (!this.#isReachable(attempt)) return;
    const { batch, network } = this.#options;
    const order = createAttempt(batch, job, attempt);
    if (attempt.settled && attempt.outcome === null) this.#wait(attempt);
    // Not heard: it is told again when the host is ready, or in a while.
    void (attempt.settled ? network.killJob(order) : network.recallJob(order)).then(
      () => this.#onTold(attempt),
      () => {},
    );
  }

  #onTold(attempt: AttemptRecord): void {
    if (!attempt.settled) return;
    this.#told.add(attempt);
    // It counts as lost: its end would tell nothing new.
    if (attempt.outcome !== null) this.#wanted.delete(attempt);
  }

  #wait(attempt: AttemptRecord): void {
    const { clock, onChange } = this.#options;
    if (this.#waitUntil.has(attempt)) return;
    this.#waitUntil.set(attempt, clock.elapsed() + GRACE_MS);
    const cancel = clock.after(GRACE_MS, () => {
      this.#timers.delete(cancel);
      onChange();
    });
    this.#timers.add(cancel);
  }

  /** Nobody will fetch what it left. */
  #remove(job: Job, attempt: AttemptRecord): void {
    const { batch, network, onChange } = this.#options;
    this.#removing += 1;
    const removed = network.deleteJob(createAttempt(batch, job, attempt)).catch(() => {}); // `gpool gc` finds it later
    void removed.then(() => {
      this.#removing -= 1;
      onChange();
    });
  }

  #isReachable({ host }: AttemptRecord): boolean {
    const record = this.#options.state.hostByName.get(host);
    return record !== undefined && isReachable(record);
  }
}

const LETS_GO: ReadonlySet<Recorded['type']> = new Set([
  'job.recalled',
  'job.done',
  'job.failed',
  'job.requeued',
  'job.dropped',
]);

/** Its host has it still, as far as anyone can tell, and should not. */
function isUnwanted({ outcome, startedAt, settled, recalled }: AttemptRecord): boolean {
  if (outcome?.kind === 'lost') return outcome.fault.code === 'E_HOST_SILENT';
  return outcome === null && (settled || (recalled && startedAt === null));
}

/** TERM, 10 s, KILL, and the news of it. */
const GRACE_MS = 15_000;
