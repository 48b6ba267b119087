import { SpecError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Order } from './order.js';
import { planHostOrder } from './plan-host-order.js';
import { planJobOrder } from './plan-job-order.js';

/**
 * What is recorded when an order is given. Changes nothing.
 *
 * @throws SpecError (E_USAGE) that names a job or host that the batch does not have.
 */
export function planOrder(order: Order, state: BatchState): readonly ManagerEvent[] {
  switch (order.kind) {
    case 'cancel':
    case 'pause':
    case 'unpause':
      return planJobOrder(order, state);
    case 'cap':
      return [{ type: 'batch.capped', maxRunning: checkCap(order.maxRunning, state) }];
    default:
      return planHostOrder(order, state);
  }
}

function checkCap(maxRunning: number | null, state: BatchState): number | null {
  if (maxRunning === null || (Number.isInteger(maxRunning) && maxRunning > 0)) return maxRunning;
  throw refuse(`the cap is ${maxRunning}, not a whole number from 1`, state);
}

function refuse(what: string, { batch }: BatchState): SpecError {
  return new SpecError('E_USAGE', { what, where: `batch ${batch}` });
}
