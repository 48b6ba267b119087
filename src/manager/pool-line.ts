import type { PoolEvent } from '../queue/host-pool.js';

/** What was decided about a host, in a few words; its texts are not made safe for a terminal. */
export function describePoolEvent(event: PoolEvent): string {
  return `${event.host} ${event.type.slice('host.'.length)}${describeReason(event)}`;
}

function describeReason(event: PoolEvent): string {
  switch (event.type) {
    case 'host.held':
    case 'host.draining':
    case 'host.removed':
      return `: ${event.reason}`;
    case 'host.set-aside':
      return ` until ${new Date(event.untilMs).toISOString()}: ${event.fault.what} (${event.fault.code})`;
    case 'host.slowed':
      return `: its jobs take ${event.ratio} times as long as elsewhere`;
    default:
      return '';
  }
}
