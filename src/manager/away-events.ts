import { TransportError } from '../errors.js';
import type { GpoolEvent } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { STATE_BUSY, STATE_ERROR, STATE_FREE } from '../queue/states.js';

/** What a Manager records that goes on with a batch: every host that it will ask must speak up first, also those that could not be used. Pure. */
export function awayEvents({ stopping, hostQueue }: BatchState, asked: ReadonlySet<string>): GpoolEvent[] {
  const fault = new TransportError('E_CONN_LOST', {
    what: 'the controller was away',
    where: 'this machine',
  }).toFault();
  const judged = ([STATE_FREE, STATE_BUSY, STATE_ERROR] as const).flatMap((word) => hostQueue.inState(word));
  const lost = judged.filter(({ name }) => asked.has(name));
  return [
    ...(stopping === null ? [] : [{ type: 'batch.resumed' } as const]),
    ...lost.map(({ name }): GpoolEvent => ({ type: 'host.lost', host: name, fault })),
  ];
}
