import type { Fault } from '../errors.js';

/**
 * How an attempt ended. `failed` is an exit code other than 0 from the job's own script; `killed` is its script
 * ended by a signal; `lost` means no exit record can exist, with the reason.
 */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lost'; readonly fault: Fault };
