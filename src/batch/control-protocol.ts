import { type Fault, StateError } from '../errors.js';
import type { Recorded } from '../events/event.js';
import type { Order } from '../manager/order.js';
import type { BatchOverview } from './batch-overview.js';
import type { BatchProgress, HostProgress } from './batch-progress.js';
import type { BatchStatus } from './batch-status.js';
import type { Answer } from './explain-word.js';
import type { OrderAnswer } from './order-answer.js';

/** What one may ask a running batch. One JSON line each; the answer is one line too, for `events` a stream of them. */
export type Question =
  | { readonly ask: 'status' }
  /** The status with at most so many jobs, none of them done. */
  | { readonly ask: 'overview'; readonly most: number }
  | { readonly ask: 'progress' }
  | { readonly ask: 'hosts' }
  /** Why a job waits or a host idles: `word` is a job's number or name, or a host's name. */
  | { readonly ask: 'why'; readonly word: string }
  | { readonly ask: 'order'; readonly order: Order }
  /** What a running attempt has written: at most 1 MiB from byte `from` on. */
  | {
      readonly ask: 'output';
      readonly attempt: string;
      readonly stream: 'stdout' | 'stderr';
      readonly from: number;
    }
  /** All recorded events from number `from` on, until the batch is let go. */
  | { readonly ask: 'events'; readonly from: number };

/** What each question is answered with. */
export interface Answers {
  readonly status: BatchStatus;
  readonly overview: BatchOverview;
  readonly progress: BatchProgress;
  readonly hosts: readonly HostProgress[];
  readonly why: Answer;
  readonly order: OrderAnswer;
  /** Base64. */
  readonly output: string;
}

/** A question that has one answer. */
export type PlainQuestion = Exclude<Question, { ask: 'events' }>;

/** One line from the controller. */
export type Reply =
  | { readonly answer: unknown }
  | { readonly error: Fault }
  | { readonly events: readonly Recorded[] }
  /** The batch is let go: nothing more comes. */
  | { readonly end: true };

/** Longest question: an order that names a hundred thousand jobs. */
export const MOST_QUESTION_BYTES = 4 * 1024 * 1024;

/** Longest part of an output in one answer. */
export const MOST_OUTPUT_BYTES = 1024 * 1024;

/** What goes wrong between the one who asks and the controller. */
export function controlError(what: string, cause?: unknown): StateError {
  return new StateError('E_CONTROL', { what, where: 'control.sock', cause });
}
