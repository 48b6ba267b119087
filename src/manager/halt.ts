import type { ManagerEvent, Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { tellingAttempt } from '../queue/job.js';
import { STATE_DONE, STATE_ERROR, STATE_FREE } from '../queue/states.js';
import { formatHaltRule, type HaltRule } from '../spec/halt-rule.js';
import { describeJob } from './conclude.js';
import { describeOutcome } from './log-line.js';
import { nameHost } from './name-host.js';
import { planDrain } from './plan-drain.js';
import type { Rule } from './rule.js';

/** Stops the batch once enough jobs have failed, succeeded, or ended, as long as there is anything to stop. */
export class Halt implements Rule {
  readonly #state: BatchState;
  readonly #rule: HaltRule;
  /** The id of the last job that was counted. */
  #last = '';

  constructor(state: BatchState, rule: HaltRule) {
    this.#state = state;
    this.#rule = rule;
  }

  observe(event: Recorded): void {
    const { what } = this.#rule;
    if (event.type === 'job.done' && what !== 'fail') this.#last = event.job;
    if (event.type === 'job.failed' && what !== 'success') this.#last = event.job;
  }

  decide(): readonly ManagerEvent[] {
    const { stopping, jobs } = this.#state;
    const { amount, percent } = this.#rule;
    if (stopping !== null || this.#count() < (percent ? (jobs.length * amount) / 100 : amount)) return [];
    const { when } = this.#rule;
    const recalls = when === 'soon' ? planDrain(this.#state) : [];
    if (!this.#isWork(recalls.length)) return [];
    return [
      { type: 'batch.stopping', reason: this.#describe(), mode: when === 'now' ? 'kill' : 'drain' },
      ...recalls,
    ];
  }

  #count(): number {
    const { done, failed } = this.#state.tally;
    const { what } = this.#rule;
    return what === 'fail' ? failed : what === 'success' ? done : done + failed;
  }

  /** Whether stopping changes anything: what runs goes on in a soft stop. */
  #isWork(recalls: number): boolean {
    const { jobs, jobQueue } = this.#state;
    if (this.#rule.when === 'soon') return jobQueue.anyInState(STATE_FREE) || recalls > 0;
    return jobQueue.count(STATE_DONE) + jobQueue.count(STATE_ERROR) < jobs.length;
  }

  #describe(): string {
    const { jobs, jobById } = this.#state;
    const verb = { fail: 'failed', success: 'succeeded', done: 'ended' }[this.#rule.what];
    const counted = `${this.#count()} of ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} ${verb}`;
    const job = jobById.get(this.#last);
    const attempt = job ? tellingAttempt(job) : null;
    if (!job || !attempt?.outcome) return `halt rule ${formatHaltRule(this.#rule)}: ${counted}`;
    const how = attempt.outcome.kind === 'succeeded' ? '' : `: ${describeOutcome(attempt.outcome)}`;
    const last = `${describeJob(job)} on ${nameHost(attempt.host)}${how}`;
    return `halt rule ${formatHaltRule(this.#rule)}: ${counted}, the last one ${last}`;
  }
}
