import type { HostWarning } from '../events/event.js';
import type { Network } from '../network/network.js';

/** Adds what hosts tell from now on of what stays there: nothing is recorded any more, and the summary is still to come. */
export function hearLateWarnings(network: Network, warnings: HostWarning[]): void {
  network.subscribe((event) => {
    if (event.type === 'host.left') warnings.push({ host: event.host, attempt: null, text: event.text });
  });
}
