import { SpecError } from '../errors.js';
import type { ManagerEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import type { Order } from './order.js';

/**
 * What is recorded when an order is given. Changes nothing.
 *
 * @throws SpecError (E_USAGE) that names a job or host that the batch does not have.
 */
export function planOrder(order: Order, state: BatchState): readonly ManagerEvent[] {
  throw new SpecError('E_USAGE', {
    what: `the order "${order.kind}" is not known`,
    where: `batch ${state.batch}`,
  });
}
