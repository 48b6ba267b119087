// The public names of gpool. What is not listed here may change without notice.
export type { Clock } from './clock.js';
export {
  type ErrorCode,
  type ErrorDetail,
  type Fault,
  type FaultDomain,
  GpoolError,
  HostError,
  JobError,
  SpecError,
  StateError,
  TransportError,
} from './errors.js';
export type {
  BatchCounts,
  Collected,
  GpoolEvent,
  HostFacts,
  ManagerEvent,
  NetworkEvent,
  Recorded,
  Survivor,
  Usage,
} from './events/event.js';
export type { Outcome } from './events/outcome.js';
export type { BatchStore } from './journal/batch-store.js';
export { LoggingManager, type LoggingManagerOptions } from './manager/logging-manager.js';
export { Manager } from './manager/manager.js';
export type { ManagerOptions } from './manager/manager-options.js';
export type { Order } from './manager/order.js';
export type { Placement } from './manager/placement.js';
export type { Failure } from './manager/retry-policy.js';
export type { BatchSummary, JobFailure, UnfinishedJob } from './manager/summary.js';
export { createHostShell, type HostShellOptions } from './network/host-shell.js';
export { LocalNetwork, type LocalNetworkOptions } from './network/local-network.js';
export type {
  Attempt,
  AttemptStatus,
  BatchContext,
  Network,
  NetworkListener,
  OutputRange,
} from './network/network.js';
export {
  checkLocalCommand,
  checkRemoteCommands,
  copyLocalFilesToRemoteHost,
  type LocalCommandOptions,
  writeRemoteFile,
} from './network/shell/commands.js';
export type { Channel, RunOptions, RunResult, Shell, TransferOptions } from './network/shell/shell.js';
export type { Prompt, SshOptions } from './network/shell/ssh-options.js';
export { SshNetwork, type SshNetworkOptions } from './network/ssh-network.js';
export type { AttemptRecord, Job } from './queue/job.js';
export { Queue } from './queue/queue.js';
export {
  STATE_BUSY,
  STATE_DONE,
  STATE_ERROR,
  STATE_FREE,
  STATE_UNKNOWN,
  STATES,
  type State,
} from './queue/states.js';
export { Builder, type SweepOptions } from './spec/builder.js';
export type { Host, SlotRule, SshDestination } from './spec/host.js';
export { parseHosts } from './spec/inventory/parse-hosts.js';
export { readHostsFile } from './spec/inventory/read-inventory.js';
export type { FileInput, JobInput } from './spec/job-input.js';
export type { InputFile, JobSpec, Limits, ReturnFile, SweepValue } from './spec/job-spec.js';
export type { RetryCause, RetryRules } from './spec/retry-rules.js';
export type { Factor, Grid, Point, PointOf } from './spec/sweep.js';
export { validateSpecs } from './spec/validate-specs.js';
