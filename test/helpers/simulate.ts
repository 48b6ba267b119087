import type { Recorded } from '../../src/events/event.js';
import { Manager } from '../../src/manager/manager.js';
import type { ManagerOptions } from '../../src/manager/manager-options.js';
import type { BatchSummary } from '../../src/manager/summary.js';
import type { Plan, SimulatedHost } from '../../src/network/simulated/plan.js';
import { SimulatedNetwork } from '../../src/network/simulated/simulated-network.js';
import type { JobSpec } from '../../src/spec/job-spec.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

export interface Simulation {
  readonly manager: Manager;
  readonly network: SimulatedNetwork;
  readonly clock: ManualClock;
  /** All that was told, in order. */
  readonly events: Recorded[];
  /** Processes the jobs to the end, in simulated time. */
  run(): Promise<BatchSummary>;
}

/** A Manager over a simulated pool, kept in memory unless `options` say otherwise, always the same way. */
export function simulate(
  specs: readonly JobSpec[],
  pool: { readonly hosts: readonly (string | SimulatedHost)[]; readonly plan?: Plan },
  options: ManagerOptions = {},
): Simulation {
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ ...pool, clock });
  const manager = new Manager({ clock, out: false, random: () => 0, ...options });
  const events: Recorded[] = [];
  manager.subscribe((event) => events.push(event));
  manager.setup(specs, network);
  return { manager, network, clock, events, run: () => clock.runUntil(manager.processJobs()) };
}

/** The events of one type. */
export function eventsOf<K extends Recorded['type']>(
  events: readonly Recorded[],
  type: K,
): Extract<Recorded, { type: K }>[] {
  return events.filter((event): event is Extract<Recorded, { type: K }> => event.type === type);
}
