import { type Clock, systemClock } from '../clock.js';
import { SpecError } from '../errors.js';
import type { BatchStore } from '../journal/batch-store.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Random } from '../random.js';
import { PLACEMENTS, type Placement } from './placement.js';

/** How a Manager works. Everything has a default. */
export interface ManagerOptions {
  /** After so many seconds in which nothing was launched and nothing ended, `handleSleep` is called. @default 2 */
  readonly sleepTimeInSecs?: number;
  /** At most so many attempts handed out at once, over all hosts. @default no limit */
  readonly maxRunning?: number;
  /** @default 'random' */
  readonly placement?: Placement;
  /** Further attempts after one that failed, on another host first. @default 0 */
  readonly retries?: number;
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
  /** A state rebuilt from the store's journal, to go on with. @default a new batch */
  readonly state?: BatchState;
  /** Hears of the first error thrown by a listener or hook, and nothing of later ones. @default a process warning */
  readonly onError?: (error: unknown) => void;
}

/** The options, checked and complete. */
export type ManagerSettings = Required<Omit<ManagerOptions, 'store' | 'out' | 'batchId' | 'state'>> &
  Pick<ManagerOptions, 'store' | 'out' | 'batchId' | 'state'>;

/** Throws a SpecError (E_USAGE) that names the option. */
export function resolveManagerOptions(options: ManagerOptions): ManagerSettings {
  const settings: ManagerSettings = { ...DEFAULTS, ...options };
  const { sleepTimeInSecs, maxRunning, retries, placement } = settings;
  if (!(sleepTimeInSecs > 0)) throw refuse('sleepTimeInSecs', 'a number above 0', sleepTimeInSecs);
  if (!isCount(maxRunning, 1)) throw refuse('maxRunning', 'a whole number from 1', maxRunning);
  if (!isCount(retries, 0)) throw refuse('retries', 'a whole number from 0', retries);
  if (!PLACEMENTS.includes(placement))
    throw refuse('placement', `one of ${PLACEMENTS.join(', ')}`, placement);
  return settings;
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
  placement: 'random',
  retries: 0,
  random: Math.random,
  clock: systemClock,
  name: 'batch',
  onError: (error: unknown) =>
    process.emitWarning(`a listener or hook threw: ${String(error)}`, 'GpoolWarning'),
} satisfies ManagerOptions;
