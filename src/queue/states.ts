/** Waiting (a job); has a free slot (a host). */
export const STATE_FREE = 'free';
/** Handed to a host (a job); all slots taken (a host). */
export const STATE_BUSY = 'busy';
/** Succeeded (a job); drained away (a host). */
export const STATE_DONE = 'done';
/** The host that has it cannot be asked (a job); unreachable, or not reached yet (a host). */
export const STATE_UNKNOWN = 'unknown';
/** Gave up (a job); set aside (a host). */
export const STATE_ERROR = 'error';

/** The five states, in the order in which they are shown. */
export const STATES = [STATE_FREE, STATE_BUSY, STATE_DONE, STATE_UNKNOWN, STATE_ERROR] as const;

export type State = (typeof STATES)[number];
