import type { BatchCounts } from '../events/event.js';
import { type BatchState, countJobs, type HostRecord } from '../queue/batch-state.js';
import { STATE_DONE, STATE_ERROR, STATE_UNKNOWN } from '../queue/states.js';
import { estimateRemainingMs } from '../report/eta.js';
import { noteHost } from '../report/host-note.js';

/** Where a batch stands, for people. */
export interface BatchProgress {
  readonly name: string;
  readonly total: number;
  readonly counts: BatchCounts;
  /** Started and not ended, on hosts that can be asked; the others' are unknown. */
  readonly running: number;
  /** Not started yet, here or in the backlog of a host. */
  readonly waiting: number;
  /** Of all that have not ended, those that a person lets rest. */
  readonly paused: number;
  readonly elapsedMs: number;
  /** Null as long as nothing ended, and when all that is left is unknown. */
  readonly etaMs: number | null;
  readonly hosts: readonly HostProgress[];
  /** One line; null when nothing failed yet. */
  readonly lastFailure: string | null;
  /** Why nothing more is launched. */
  readonly stopping: string | null;
}

export interface HostProgress {
  readonly name: string;
  readonly state: 'connecting' | 'up' | 'unreachable' | 'unusable' | 'left';
  readonly running: number;
  readonly slots: number;
  readonly done: number;
  readonly failed: number;
  /** What is out of the ordinary, with the reason: it is held, set aside, slow, unreachable. */
  readonly note: string | null;
}

export interface ProgressNotes {
  readonly name: string;
  readonly lastFailure: string | null;
  readonly elapsedMs: number;
}

/** Reads the progress off the state. Pure; O(hosts). */
export function measureProgress(state: BatchState, notes: ProgressNotes): BatchProgress {
  const counts = countJobs(state);
  const total = state.jobs.length;
  const reached = state.hosts.filter((host) => host.state !== STATE_UNKNOWN);
  const running = reached.reduce((sum, host) => sum + host.running, 0);
  const ended = counts.done + counts.error;
  return {
    ...notes,
    total,
    counts,
    running,
    waiting: Math.max(0, total - ended - counts.unknown - running),
    paused: countPaused(state),
    // Nobody can tell when a host comes back.
    etaMs: ended + counts.unknown === total ? null : estimateRemainingMs(notes.elapsedMs, ended, total),
    hosts: state.hosts.map(measureHost),
    stopping: state.stopping,
  };
}

function countPaused({ intents }: BatchState): number {
  let paused = 0;
  for (const { state, paused: rests } of intents)
    if (rests && state !== STATE_DONE && state !== STATE_ERROR) paused += 1;
  return paused;
}

function measureHost(host: HostRecord): HostProgress {
  const { name, state, running, slots, done, failed, fault } = host;
  const place = describe(state, fault !== null);
  return { name, state: place, running, slots: slots ?? 0, done, failed, note: noteHost(host) };
}

function describe(state: HostRecord['state'], hasFault: boolean): HostProgress['state'] {
  if (state === STATE_DONE) return 'left';
  if (state === STATE_ERROR) return 'unusable';
  if (state === STATE_UNKNOWN) return hasFault ? 'unreachable' : 'connecting';
  return 'up';
}
