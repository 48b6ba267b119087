import type { Attempt, Network } from '../network/network.js';
import type { Job } from '../queue/job.js';

/** Tells the host of an open attempt what a person wants of its job: to end, to rest, to go on. Idempotent. */
export function tellIntent(network: Network, job: Job, attempt: Attempt): Promise<void> {
  if (job.cancelling !== null) return network.killJob(attempt);
  return job.paused ? network.pauseJob(attempt) : network.unpauseJob(attempt);
}
