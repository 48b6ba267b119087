import { SpecError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Order } from './order.js';
import { planOrder } from './plan-order.js';

/** What an order comes to: events, or why it is refused. */
export interface OrderPlan {
  readonly events: readonly ManagerEvent[];
  readonly refusal: SpecError | null;
}

/** The same as `planOrder`, with its refusal as a value. */
export function tryOrder(order: Order, state: BatchState): OrderPlan {
  try {
    return { events: planOrder(order, state), refusal: null };
  } catch (error) {
    if (error instanceof SpecError) return { events: [], refusal: error };
    throw error;
  }
}
