import type { RetryRules } from './retry-rules.js';

/** A value of a sweep parameter. */
export type SweepValue = string | number | boolean;

/** A file or directory that goes to the host before the job starts. */
export interface InputFile {
  /** Local path, relative to the directory the batch is run from. */
  readonly source: string;
  /** Path inside the job's working directory, `/`-separated, never leaving it. */
  readonly target: string;
  /**
   * Whether jobs get a symbolic link to the one copy in their host's cache, in place of a copy of their own: for a large data set
   * that is only read. @default false
   */
  readonly share?: boolean;
}

/** A file the job leaves behind that is fetched after it ended. */
export interface ReturnFile {
  /** A path or bash pattern (`*.csv`, `out/**`) inside the working directory. */
  readonly pattern: string;
  /** An optional return may be absent; a required one that is absent fails the job. */
  readonly optional: boolean;
}

/** What one attempt may use. Absent means no limit. */
export interface Limits {
  /** Wall-clock seconds for one attempt; enforced on the host. TERM, then KILL after 10 s. */
  readonly timeoutSecs?: number;
  /**
   * Percent, above 100, of the median run time of the jobs of the batch that succeeded, from the third one on. The
   * controller makes seconds of it, at least one, and hands them over with each later attempt.
   */
  readonly timeoutPercent?: number;
  /** The signal (`USR1`) that the job's process group gets once, so many seconds before the time limit: to save its work. */
  readonly warn?: { readonly signal: string; readonly secs: number };
}

/**
 * What to run: data only, complete, checked. People write the looser `JobInput`; the Builder makes these.
 * `commands` are the lines of one bash script.
 */
export interface JobSpec {
  /** Unique in its batch. For people; never used as a path on a host. */
  readonly name: string;
  readonly commands: readonly string[];
  readonly files: readonly InputFile[];
  readonly returns: readonly ReturnFile[];
  readonly env: Readonly<Record<string, string>>;
  /** The sweep values, exported to the job under their own names. */
  readonly values: Readonly<Record<string, SweepValue>>;
  /** Which replica this is, from 1 (`GPOOL_REPEAT`). */
  readonly repeat: number;
  readonly limits: Limits;
  /** Whether another attempt may be made after an unclear start. @default true */
  readonly repeatable: boolean;
  /** When it is tried again. @default as its batch says */
  readonly retry?: RetryRules;
  /** The arguments a `gpool run` command line was filled with; for `--tag` and the live view. */
  readonly args: readonly string[];
}
