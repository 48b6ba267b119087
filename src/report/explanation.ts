import type { BatchState, HostRecord } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_FREE } from '../queue/states.js';

/** Why something stands as it does: `reason` for programs, `what` and `next` each one sentence for people. */
export interface Explanation {
  readonly reason: string;
  readonly what: string;
  readonly next: string;
}

/** What the journal does not tell. */
export interface LiveFacts {
  /** Whether a controller runs the batch now. */
  readonly controlled: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The limit of attempts handed out at once that the batch was started with; null for none. */
  readonly maxRunning: number | null;
}

/** What keeps the whole batch from launching; null when nothing does. */
export function explainBatch(state: BatchState, { controlled, maxRunning }: LiveFacts): Explanation | null {
  if (state.ended)
    return { reason: 'ended', what: 'The batch has ended.', next: '`gpool rerun` runs jobs again.' };
  if (!controlled) {
    const what = state.stopping === null ? '' : ` It was stopped: ${state.stopping}.`;
    return {
      reason: 'no-controller',
      what: `Nobody runs the batch now.${what}`,
      next: '`gpool resume` goes on with it; what the hosts have goes on without.',
    };
  }
  if (state.stopping !== null) {
    const what = `The batch is stopping: ${state.stopping}.`;
    return { reason: 'stopping', what, next: '`gpool resume` goes on with it afterwards.' };
  }
  const cap = state.maxRunning ?? maxRunning;
  const handed = state.hosts.reduce((sum, host) => sum + host.handed, 0);
  if (cap === null || handed < cap) return null;
  const what = `At most ${countOf(cap, 'job')} may be handed out at once, and ${handed} ${handed === 1 ? 'is' : 'are'}.`;
  return { reason: 'capped', what, next: '`gpool cap` changes the limit.' };
}

/** Whether the host can be asked and may be given something new. */
export function isUsable({ state, hold }: HostRecord): boolean {
  return (state === STATE_FREE || state === STATE_BUSY) && hold === null;
}

/** `1 job`, `2 jobs`. */
export function countOf(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** `12 s`, `5 min`, `3 h`. */
export function formatSpan(ms: number): string {
  if (ms < 120_000) return `${Math.max(0, Math.round(ms / 1000))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
