import type { Host } from '../spec/host.js';
import { applySlots, chooseHosts, parseJobs } from './choose-hosts.js';
import type { HostOptions } from './common-options.js';
import { parseWhole } from './parse-whole.js';

/** Flags that change all hosts. */
export interface HostFlags {
  readonly jobs?: string;
  readonly nice?: string;
}

/** The hosts of a run, with what its flags say of all of them; `others` when none are named. Throws SpecErrors. */
export async function planHosts(
  options: HostOptions & HostFlags,
  others: readonly Host[],
): Promise<readonly Host[]> {
  const chosen = (await chooseHosts(options)) ?? others;
  const slotted = options.jobs === undefined ? chosen : applySlots(chosen, parseJobs(options.jobs));
  const nice = options.nice === undefined ? undefined : parseWhole('--nice', options.nice, 0, 19);
  return nice === undefined ? slotted : slotted.map((host) => ({ ...host, nice }));
}
