import { parseHaltRule } from '../spec/halt-rule.js';
import { Breaker } from './breaker.js';
import { DrainingHosts } from './draining-hosts.js';
import { EndCancelled } from './end-cancelled.js';
import { Halt } from './halt.js';
import { LateResults } from './late-results.js';
import { LostHosts } from './lost-hosts.js';
import type { ManagerSettings } from './manager-options.js';
import type { MedianLimits } from './median-limits.js';
import { NoStart } from './no-start.js';
import { Overdue } from './overdue.js';
import { RecallHeld } from './recall-held.js';
import type { RestingHosts } from './resting-hosts.js';
import { createRetryPolicy } from './retry-policy.js';
import type { Rule, RuleContext } from './rule.js';
import { SlowHosts } from './slow-hosts.js';
import { StartCheck } from './start-check.js';
import { Tail } from './tail.js';
import { TakeBack } from './take-back.js';

/** The standing rules of a batch, in the order in which they are asked. */
export function createRules(
  settings: ManagerSettings,
  context: RuleContext,
  { limits, resting }: { readonly limits: MedianLimits; readonly resting: RestingHosts },
): Rule[] {
  const { copies, maxRunning } = settings;
  const { state } = context;
  const halt = settings.halt === undefined ? null : parseHaltRule(settings.halt);
  return [
    new EndCancelled(state),
    new LateResults(state),
    ...(settings.halt === undefined || halt ? [new StartCheck(state)] : []),
    ...(limits.isUsed ? [new Overdue(context, limits)] : []),
    new Breaker(context, resting),
    new NoStart(context),
    // After what may take a failure back.
    ...(halt ? [new Halt(state, halt)] : []),
    new SlowHosts(state),
    new RecallHeld(state),
    new DrainingHosts(state),
    ...(settings.lostAfterSecs < Number.POSITIVE_INFINITY ? [createLostHosts(settings, context)] : []),
    new TakeBack(context),
    ...(copies > 0 ? [new Tail(context, { copies, maxRunning })] : []),
  ];
}

function createLostHosts(settings: ManagerSettings, context: RuleContext): Rule {
  const { lostAfterSecs } = settings;
  return new LostHosts(context, { lostAfterSecs, policy: () => createRetryPolicy(settings, context.state) });
}
