import { findMissing, type Programs } from '../find-missing.js';

/** A private batch system on loopback, with daemons of its own. */
export interface BatchSystem {
  /**
   * Submits one array job: tasks from 1 to `count`, each of which runs the file `script` under bash with its number in
   * SLURM_ARRAY_TASK_ID or SGE_TASK_ID. Answers once that is accepted. `outputs`: a directory for what they write.
   */
  submitArray(script: string, count: number, outputs: string): Promise<void>;
  /** Ends the daemons. */
  stop(): Promise<void>;
}

/** Starts one in a directory that is not there yet; it is ready to run a job. */
export type StartBatchSystem = (directory: string, hosts: number, slots: number) => Promise<BatchSystem>;

/** Why it cannot take part: its daemons run as root only. */
export function findNoBatchSystem(programs: Programs): string | undefined {
  return findMissing(programs) ?? (process.getuid?.() === 0 ? undefined : 'its daemons need root');
}
