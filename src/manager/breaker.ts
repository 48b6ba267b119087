import type { Clock } from '../clock.js';
import { type Fault, HostError } from '../errors.js';
import { parseAttemptId } from '../events/attempt-id.js';
import type { ManagerEvent, NetworkEvent, Recorded } from '../events/event.js';
import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { findAttempt } from '../queue/job.js';
import { STATE_BUSY, STATE_DONE, STATE_ERROR, STATE_FREE } from '../queue/states.js';
import type { Random } from '../random.js';
import { coolingMs } from './cooling-hosts.js';
import { type Elsewhere, HostEvidence, isHostFault, isQuickFailure, LONG_ROW } from './host-evidence.js';
import type { RestingHosts } from './resting-hosts.js';
import type { Rule, RuleContext } from './rule.js';

type Ended = Extract<NetworkEvent, { type: 'job.ended' }>;
type Reopened = Extract<ManagerEvent, { type: 'job.reopened' }>;

/** What is known of a host that a verdict may come from. */
interface Dossier {
  readonly evidence: HostEvidence;
  /** Whether this Manager was ever connected to it. */
  met: boolean;
  succeeded: number;
  failed: number;
  /** The attempt that tries it, while it is set aside. */
  probe: string | null;
  verdict: 'good' | Fault | null;
}

/**
 * Sets a host aside that does what jobs do not deserve: faults of the host or the link in a row, or jobs that fail there
 * within seconds and pass elsewhere. Their failures are taken back. After a while one job tries the host, and if that goes
 * well it is let back. The last host that takes jobs is never set aside.
 */
export class Breaker implements Rule {
  readonly #state: BatchState;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #resting: RestingHosts;
  readonly #dossiers = new Map<string, Dossier>();
  /** Hosts about which there is news. */
  readonly #open = new Set<string>();
  /** Jobs that gave up since the last turn. */
  #failed: string[] = [];
  #total: Elsewhere = { succeeded: 0, failed: 0 };

  constructor(context: Pick<RuleContext, 'state' | 'clock' | 'random'>, resting: RestingHosts) {
    this.#state = context.state;
    this.#clock = context.clock;
    this.#random = context.random;
    this.#resting = resting;
  }

  observe(event: Recorded): void {
    switch (event.type) {
      case 'host.ready':
        this.#dossier(event.host).met = true;
        break;
      case 'host.lost':
        if (this.#dossier(event.host).met) this.#blame(event.host, event.fault, null);
        break;
      case 'job.launched':
      case 'job.copied':
        this.#noteProbe(event);
        break;
      case 'job.ended':
        this.#noteEnd(event);
        break;
      case 'job.requeued':
        this.#noteFault(event, 'kind' in event.reason ? faultOf(event.reason) : event.reason);
        break;
      case 'job.failed':
      case 'job.dropped':
        this.#noteFault(event, event.fault ?? faultOf(event.outcome));
        if (event.type === 'job.failed') this.#failed.push(event.job);
        break;
      case 'job.done':
        this.#noteProof(event.job);
    }
  }

  decide(): ManagerEvent[] {
    const names = [...this.#open];
    const failed = this.#failed;
    this.#open.clear();
    this.#failed = [];
    // Those that only now have brought home what they left, from a host that was set aside meanwhile.
    const late = failed.flatMap((job) => this.#takeBackLate(job));
    const verdicts = names.flatMap((name) => this.#decideOn(name));
    const known = new Set(verdicts.flatMap((event) => (event.type === 'job.reopened' ? event.job : [])));
    return [...verdicts, ...late.filter((event) => !known.has(event.job))];
  }

  #decideOn(name: string): ManagerEvent[] {
    const host = this.#state.hostByName.get(name);
    if (!host || host.state === STATE_DONE || host.state === STATE_ERROR) return [];
    if (host.hold === null) return this.#judge(host);
    return host.hold.kind === 'set-aside' ? this.#judgeProbe(host) : [];
  }

  #takeBackLate(id: string): Reopened[] {
    const { outcome, usage, host } = this.#state.jobById.get(id)?.decidedBy ?? {};
    const hold = host === undefined ? null : this.#state.hostByName.get(host)?.hold;
    if (!host || hold?.kind !== 'set-aside' || hold.code !== 'E_HOST_SUSPECT') return [];
    const isItsFault = outcome && isQuickFailure(outcome, usage?.wallMs ?? 0);
    return isItsFault && this.#mayTryElsewhere(id) ? [reopen(id, host)] : [];
  }

  #judge(host: HostRecord): ManagerEvent[] {
    const { evidence } = this.#dossier(host.name);
    if (!this.#hasAnother(host)) return [];
    const fault = evidence.tooManyFaults();
    if (fault) return this.#setAside(host, fault);
    const passed = (job: string): boolean => this.#hasPassed(job, host.name);
    const what = evidence.suspicion(passed, this.#elsewhere(host.name));
    if (what !== null) return this.#setAside(host, suspect(what, host.name));
    this.#slowDown(host.name);
    return [];
  }

  /** Nothing went well on it so far, and it is not yet known whether that is its fault: it shall not have all jobs meanwhile. */
  #slowDown(host: string): void {
    const { evidence, succeeded } = this.#dossier(host);
    const doubtful = evidence.quickFailures.length - LONG_ROW;
    const elsewhere = this.#elsewhere(host);
    if (succeeded === 0 && doubtful >= 0 && elsewhere.failed <= elsewhere.succeeded)
      this.#resting.doubt(host, doubtful);
  }

  #judgeProbe(host: HostRecord): ManagerEvent[] {
    const dossier = this.#dossier(host.name);
    const { verdict } = dossier;
    if (verdict === null) return [];
    dossier.verdict = null;
    dossier.probe = null;
    if (verdict !== 'good') return this.#setAside(host, verdict);
    dossier.evidence.clear();
    return [{ type: 'host.readmitted', host: host.name }];
  }

  #setAside({ name, setAsides }: HostRecord, fault: Fault): ManagerEvent[] {
    const { evidence } = this.#dossier(name);
    const untilMs = this.#clock.now() + coolingMs(setAsides, this.#random());
    const wronged = fault.code === 'E_HOST_SUSPECT' ? evidence.quickFailures.map(({ job }) => job) : [];
    evidence.clear();
    this.#resting.trust(name);
    return [
      { type: 'host.set-aside', host: name, fault, untilMs },
      ...[...new Set(wronged)].filter((job) => this.#mayTryElsewhere(job)).map((job) => reopen(job, name)),
    ];
  }

  /** A job that failed on two hosts has only itself to blame. */
  #mayTryElsewhere(id: string): boolean {
    const job = this.#state.jobById.get(id);
    if (job?.state !== STATE_ERROR || !job.spec.repeatable || this.#state.stopping !== null) return false;
    const failed = job.attempts.filter(
      ({ outcome }) => outcome?.kind === 'failed' || outcome?.kind === 'killed',
    );
    return new Set(failed.map(({ host }) => host)).size < 2;
  }

  #noteProbe({ host, attempt }: { readonly host: string; readonly attempt: string }): void {
    if (this.#state.hostByName.get(host)?.hold?.kind === 'set-aside') this.#dossier(host).probe = attempt;
  }

  /** A success speaks for the host, a failure for it as well unless it came at once. */
  #noteEnd({ attempt, host, outcome, usage }: Ended): void {
    if (!RAN.has(outcome.kind)) return;
    const dossier = this.#dossier(host);
    const { job } = parseAttemptId(attempt);
    dossier.evidence.addEnd({ job, attempt, outcome, wallMs: usage.wallMs }, this.#elsewhere(host));
    this.#count(dossier, outcome.kind === 'succeeded');
    if (dossier.probe === attempt) dossier.verdict = this.#judgeEnd(host, outcome, usage.wallMs);
    if (!dossier.evidence.isClean || dossier.verdict !== null) this.#open.add(host);
    if (outcome.kind !== 'succeeded') return;
    this.#resting.trust(host);
    for (const doubted of this.#resting.doubted) this.#open.add(doubted);
  }

  #judgeEnd(host: string, outcome: Ended['outcome'], wallMs: number): 'good' | Fault {
    const hold = this.#state.hostByName.get(host)?.hold;
    const doubted = hold?.kind === 'set-aside' && hold.code === 'E_HOST_SUSPECT';
    if (!doubted || !isQuickFailure(outcome, wallMs)) return 'good';
    return suspect('the job that tried the host failed at once', host);
  }

  #noteFault(
    { job, attempt }: { readonly job: string; readonly attempt: string },
    fault: Fault | null,
  ): void {
    if (fault === null || !isHostFault(fault)) return;
    const found = this.#state.jobById.get(job);
    const record = found && findAttempt(found, attempt);
    if (record) this.#blame(record.host, fault, attempt);
  }

  #blame(host: string, fault: Fault, attempt: string | null): void {
    const dossier = this.#dossier(host);
    dossier.evidence.addFault(fault, this.#clock.elapsed());
    if (attempt !== null && dossier.probe === attempt) dossier.verdict = fault;
    this.#open.add(host);
  }

  /** A job that is done may have failed on other hosts before. */
  #noteProof(id: string): void {
    const job = this.#state.jobById.get(id);
    if (!job || job.attempts.length < 2) return;
    for (const { host } of job.attempts) this.#open.add(host);
  }

  #hasPassed(id: string, host: string): boolean {
    const job = this.#state.jobById.get(id);
    return job?.state === STATE_DONE && job.host !== host;
  }

  #hasAnother(host: HostRecord): boolean {
    return this.#state.hosts.some(
      (other) =>
        other !== host && other.hold === null && (other.state === STATE_FREE || other.state === STATE_BUSY),
    );
  }

  #count(dossier: Dossier, isSuccess: boolean): void {
    const key = isSuccess ? 'succeeded' : 'failed';
    dossier[key] += 1;
    this.#total = { ...this.#total, [key]: this.#total[key] + 1 };
  }

  #elsewhere(host: string): Elsewhere {
    const own = this.#dossier(host);
    return { succeeded: this.#total.succeeded - own.succeeded, failed: this.#total.failed - own.failed };
  }

  #dossier(host: string): Dossier {
    const known = this.#dossiers.get(host);
    if (known) return known;
    const fresh: Dossier = {
      evidence: new HostEvidence(),
      met: false,
      succeeded: 0,
      failed: 0,
      probe: null,
      verdict: null,
    };
    this.#dossiers.set(host, fresh);
    return fresh;
  }
}

function faultOf(outcome: Ended['outcome']): Fault | null {
  return outcome.kind === 'lost' ? outcome.fault : null;
}

function suspect(what: string, where: string): Fault {
  return new HostError('E_HOST_SUSPECT', { what, where }).toFault();
}

function reopen(job: string, host: string): Reopened {
  return { type: 'job.reopened', job, reason: `it failed on ${host}, which was set aside` };
}

/** Outcomes of attempts that ran to their end, as they or their limits would have it. */
const RAN: ReadonlySet<string> = new Set(['succeeded', 'failed', 'killed', 'timed-out']);
