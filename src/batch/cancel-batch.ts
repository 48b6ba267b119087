import type { Fault } from '../errors.js';
import { toFault } from '../errors.js';
import { createAttempt } from '../manager/attempt.js';
import type { Job } from '../queue/job.js';
import { lastAttempt } from '../queue/job.js';
import { STATE_BUSY, STATE_UNKNOWN } from '../queue/states.js';
import { type Contact, createNetwork } from './create-network.js';
import type { LoadedBatch } from './load-batch.js';

/** What came of cancelling. */
export interface Cancelled {
  /** Jobs whose hosts were told to end them. */
  readonly jobs: readonly string[];
  /** Jobs that could not be ended, and why: their host cannot be asked. */
  readonly faults: readonly Fault[];
}

/** Ends on their hosts the jobs that were handed out and have not ended: TERM, and KILL ten seconds later. */
export async function cancelBatch({ file, state }: LoadedBatch, contact: Contact): Promise<Cancelled> {
  const open = [...state.jobQueue.inState(STATE_BUSY), ...state.jobQueue.inState(STATE_UNKNOWN)];
  const names = new Set(open.map(({ host }) => host));
  const hosts = file.hosts.filter(({ name }) => names.has(name));
  if (hosts.length === 0) return { jobs: [], faults: [] };
  const network = createNetwork(hosts, file.options, contact);
  const cancelled: string[] = [];
  const faults: Fault[] = [];
  const kill = async (job: Job): Promise<void> => {
    const attempt = lastAttempt(job);
    if (!attempt) return;
    try {
      await network.killJob(createAttempt(file.id, job, attempt));
      cancelled.push(job.id);
    } catch (error) {
      faults.push(toFault(error, `job ${job.id}`));
    }
  };
  try {
    await network.open({ batch: file.id, offsets: state.offsets });
    await Promise.all(open.map(kill));
    return { jobs: cancelled, faults };
  } finally {
    await network.close();
  }
}
