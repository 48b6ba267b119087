import { type Clock, systemClock } from '../clock.js';
import { SpecError } from '../errors.js';
import type { BatchStore } from '../journal/batch-store.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Random } from '../random.js';
import { parseHaltRule } from '../spec/halt-rule.js';
import { findCauseProblem, type RetryRules } from '../spec/retry-rules.js';
import { PLACEMENTS, type Placement } from './placement.js';
import type { Failure } from './retry-policy.js';
import { DEFAULT_RETRY_DELAY_SECS } from './retry-wait.js';

/** How a Manager works. Everything has a default. */
export interface ManagerOptions extends RetryRules {
  /** After so many seconds in which nothing was launched and nothing ended, `handleSleep` is called. @default 2 */
  readonly sleepTimeInSecs?: number;
  /** At most so many attempts handed out at once, over all hosts. @default no limit */
  readonly maxRunning?: number;
  /** @default 'random' */
  readonly placement?: Placement;
  /**
   * What a failed attempt costs of the job's `retries`: a number from 0, or `Infinity` to give up. Asked once for each attempt
   * that failed for the job's own reasons; when it throws, the job gives up. @default 1
   */
  readonly retryCost?: (failure: Failure) => number;
  /**
   * When the batch stops before its end, as GNU parallel's `--halt`: `soon,fail=3`, `now,fail=10%`, `now,success=1`. `never`
   * also switches off that a batch stops in which nothing can be started at all.
   */
  readonly halt?: string;
  /**
   * When nothing is left to start, at most so many copies of a job that runs long go to hosts that idle, if it is repeatable; the
   * first success counts. @default 1
   */
  readonly copies?: number;
  /** Leave the directories of the batch on the hosts when a job failed, to look at; `gpool gc` takes them away. @default false */
  readonly keepFailed?: boolean;
  /**
   * Repeatable jobs on a host that has been silent for so many seconds count as lost and are run elsewhere. Without a limit they
   * stay unknown, since they may well be running. @default no limit
   */
  readonly lostAfterSecs?: number;
  /** When hosts that cannot be asked are all there is to wait for, the batch ends as incomplete after so long. @default no limit */
  readonly waitLostSecs?: number;
  /**
   * Hands over as much as the hosts will take; `processJobs` resolves then, and the hosts go on by themselves. Another Manager
   * goes on with the batch later. @default false
   */
  readonly detach?: boolean;
  /** For the placement. @default Math.random */
  readonly random?: Random;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Where the batch is kept, when the caller has opened that. @default a new batch directory */
  readonly store?: BatchStore;
  /**
   * The new batch directory; false keeps everything in memory: nothing is fetched, ask the network for outputs while
   * the batch runs. @default `./batches/<date>-<time>-<name>/`
   */
  readonly out?: string | false;
  /** For people, and part of the directory's name. @default 'batch' */
  readonly name?: string;
  /** Names the batch on the hosts; unique, safe as a path component. @default made from the name and the time */
  readonly batchId?: string;
  /**
   * The batch directory's own id, by which hosts refuse another batch that has the same `batchId`.
   * @default made at random; none for a batch that is gone on with
   */
  readonly batchKey?: string;
  /** A state rebuilt from the store's journal, to go on with. @default a new batch */
  readonly state?: BatchState;
  /** Hears of the first error thrown by a listener or hook, and nothing of later ones. @default a process warning */
  readonly onError?: (error: unknown) => void;
}

type Optional =
  | 'store'
  | 'out'
  | 'batchId'
  | 'batchKey'
  | 'state'
  | 'retryOn'
  | 'neverRetry'
  | 'retryCost'
  | 'halt';

/** The options, checked and complete. */
export type ManagerSettings = Required<Omit<ManagerOptions, Optional>> & Pick<ManagerOptions, Optional>;

/** Throws a SpecError (E_USAGE) that names the option. */
export function resolveManagerOptions(options: ManagerOptions): ManagerSettings {
  const settings: ManagerSettings = { ...DEFAULTS, ...options };
  const { sleepTimeInSecs, maxRunning, retries, placement, copies, lostAfterSecs, waitLostSecs } = settings;
  if (!(sleepTimeInSecs > 0)) throw refuse('sleepTimeInSecs', 'a number above 0', sleepTimeInSecs);
  if (!isCount(maxRunning, 1)) throw refuse('maxRunning', 'a whole number from 1', maxRunning);
  if (!isCount(retries, 0)) throw refuse('retries', 'a whole number from 0', retries);
  if (!(lostAfterSecs > 0)) throw refuse('lostAfterSecs', 'a number above 0', lostAfterSecs);
  if (!(waitLostSecs > 0)) throw refuse('waitLostSecs', 'a number above 0', waitLostSecs);
  if (!isCount(copies, 0)) throw refuse('copies', 'a whole number from 0', copies);
  checkRetryRules(settings);
  if (settings.halt !== undefined) parseHaltRule(settings.halt);
  if (!PLACEMENTS.includes(placement))
    throw refuse('placement', `one of ${PLACEMENTS.join(', ')}`, placement);
  return settings;
}

function checkRetryRules({ retries, retryOn, neverRetry = [], retryDelaySecs }: ManagerSettings): void {
  if (!(retryDelaySecs >= 0)) throw refuse('retryDelaySecs', 'a number from 0', retryDelaySecs);
  const what = [...(retryOn ?? []), ...neverRetry].map(findCauseProblem).find((problem) => problem !== null);
  if (what)
    throw new SpecError('E_USAGE', { what, where: 'Manager', next: 'Correct retryOn or neverRetry.' });
  if (retryOn && retries === 0)
    throw refuse('retries', 'a whole number from 1, or leave out retryOn', retries);
}

function isCount(value: number, least: number): boolean {
  return value >= least && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY);
}

function refuse(option: string, wanted: string, value: unknown): SpecError {
  const next = `Set ${option} to ${wanted}.`;
  return new SpecError('E_USAGE', { what: `${option} is ${String(value)}`, where: 'Manager', next });
}

const DEFAULTS = {
  sleepTimeInSecs: 2,
  maxRunning: Number.POSITIVE_INFINITY,
  detach: false,
  placement: 'random',
  retries: 0,
  retryDelaySecs: DEFAULT_RETRY_DELAY_SECS,
  copies: 1,
  keepFailed: false,
  lostAfterSecs: Number.POSITIVE_INFINITY,
  waitLostSecs: Number.POSITIVE_INFINITY,
  random: Math.random,
  clock: systemClock,
  name: 'batch',
  onError: (error: unknown) =>
    process.emitWarning(`a listener or hook threw: ${String(error)}`, 'GpoolWarning'),
} satisfies ManagerOptions;
