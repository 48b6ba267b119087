import type { Fault } from '../errors.js';

/**
 * How an attempt ended. `failed` is an exit code other than 0 from the job's own script; `killed` is its script
 * ended by a signal; `lost` means no exit record can exist, with the reason; `recalled` that it was taken back from its
 * host's backlog before it began.
 */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly code: number }
  /** `oom`: nobody of ours sent that KILL, and the host's kernel ended processes for want of memory meanwhile. */
  | { readonly kind: 'killed'; readonly signal: number; readonly oom?: boolean }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'recalled' }
  | { readonly kind: 'lost'; readonly fault: Fault };
