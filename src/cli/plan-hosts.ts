import type { Host } from '../spec/host.js';
import { applySlots, chooseHosts, parseJobs } from './choose-hosts.js';
import type { HostOptions } from './common-options.js';
import { hostDefaults } from './host-defaults.js';

/** Flags for all hosts that do not say it themselves. */
export interface HostFlags {
  readonly jobs?: string;
  readonly nice?: string;
}

/** The hosts of a run, with what its flags say of those that do not say it themselves; `others` when none are named. Throws SpecErrors. */
export async function planHosts(
  options: HostOptions & HostFlags,
  others: readonly Host[],
): Promise<readonly Host[]> {
  const chosen = (await chooseHosts(options, hostDefaults(options))) ?? others;
  return options.jobs === undefined ? chosen : applySlots(chosen, parseJobs(options.jobs));
}
