import type { HostRecord } from '../queue/batch-state.js';
import { STATE_DONE, STATE_ERROR, STATE_UNKNOWN } from '../queue/states.js';

/** What is out of the ordinary with a host, with the reason; null when nothing is. */
export function noteHost(host: HostRecord): string | null {
  const notes = [noteState(host), noteHold(host), noteSpeed(host)].filter((note) => note !== null);
  return notes.length > 0 ? notes.join('; ') : null;
}

function noteState({ state, fault }: HostRecord): string | null {
  if (state === STATE_DONE) return 'let go of';
  if (fault === null) return null;
  if (state === STATE_ERROR) return `cannot be used: ${fault.what} (${fault.code})`;
  return state === STATE_UNKNOWN ? `unreachable: ${fault.what} (${fault.code})` : null;
}

function noteHold({ hold }: HostRecord): string | null {
  if (hold === null) return null;
  if (hold.kind !== 'set-aside') return `${hold.kind}: ${hold.reason}`;
  return `set aside until ${new Date(hold.untilMs).toISOString()}: ${hold.reason} (${hold.code})`;
}

function noteSpeed({ slow }: HostRecord): string | null {
  return slow === null ? null : `slow: its jobs take ${slow} times as long as elsewhere`;
}
