import { Breaker } from './breaker.js';
import { DrainingHosts } from './draining-hosts.js';
import type { ManagerSettings } from './manager-options.js';
import { RecallHeld } from './recall-held.js';
import type { Rule, RuleContext } from './rule.js';
import { SlowHosts } from './slow-hosts.js';
import { Tail } from './tail.js';
import { TakeBack } from './take-back.js';

/** The standing rules of a batch, in the order in which they are asked. */
export function createRules(settings: ManagerSettings, context: RuleContext): Rule[] {
  const { copies, maxRunning } = settings;
  const { state } = context;
  return [
    new Breaker(context),
    new SlowHosts(state),
    new RecallHeld(state),
    new DrainingHosts(state),
    new TakeBack(context),
    ...(copies > 0 ? [new Tail(context, { copies, maxRunning })] : []),
  ];
}
