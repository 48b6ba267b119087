export {
  type AttemptPlan,
  failTimes,
  type Outage,
  type Plan,
  type SimulatedHost,
} from '../network/simulated/plan.js';
export { SimulatedNetwork, type SimulatedNetworkOptions } from '../network/simulated/simulated-network.js';
export type { EmbeddedHost } from './embedded-host.js';
export type { EmbeddedFaults, EmbeddedHostOptions } from './embedded-host-options.js';
export { type EmbeddedPool, type EmbeddedPoolOptions, startEmbeddedHosts } from './embedded-hosts.js';
export { ManualClock } from './manual-clock.js';
