import type { RetryRules } from '../spec/retry-rules.js';

/** How a batch is run, besides its jobs and hosts. Plain data, kept in `batch.json`; holds no secret. */
export interface BatchOptions extends RetryRules {
  /** @default 'ssh2' */
  readonly transport?: 'ssh2' | 'openssh';
  /** Another ssh_config than the user's own; absolute. */
  readonly configFile?: string;
  /** @default 'accept-new' */
  readonly hostKeyPolicy?: 'accept-new' | 'strict';
  /** At most so many jobs at once on all hosts together. @default no limit */
  readonly maxRunning?: number;
  /** @default 'random' */
  readonly placement?: 'random' | 'pack' | 'spread';
  /** Tries of a job that fails, as GNU parallel counts them: 3 is the first and two more. @default 1 */
  readonly retries?: number;
  /** At most so many copies of a job that runs long when hosts idle; 0 for none. @default 1 */
  readonly copies?: number;
  /** What the hosts have of the batch stays there when a job failed. @default false */
  readonly keepFailed?: boolean;
  /** Repeatable jobs on a host that was silent so long are run elsewhere. @default never */
  readonly lostAfterSecs?: number;
  /** The batch ends as incomplete when it waited so long for hosts that cannot be asked, and for nothing else. @default never */
  readonly waitLostSecs?: number;
  /** When it stops before its end, as GNU parallel's `--halt`; `never` also when nothing can be started. */
  readonly halt?: string;
}
