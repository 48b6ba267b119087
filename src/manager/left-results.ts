import type { Recorded } from '../events/event.js';
import type { BatchState } from '../queue/batch-state.js';
import { listLeftBehind } from '../queue/left-behind.js';
import type { Collector } from './collector.js';

/** Results that an earlier controller had to leave on their hosts: they are fetched as soon as these can be asked. */
export class LeftResults {
  /** Hosts that have some, and have not been tried yet. */
  readonly #untried = new Set<string>();
  #hasSome = false;

  /** Takes up what is on the hosts that will be asked. */
  adopt(state: BatchState, asked: ReadonlySet<string>, collector: Pick<Collector, 'defer'>): void {
    for (const { job, attempt } of listLeftBehind(state)) {
      if (!asked.has(attempt.host)) continue;
      this.#hasSome = true;
      this.#untried.add(attempt.host);
      collector.defer(job, attempt);
    }
  }

  /** A host that cannot be asked now is not waited for: what it has is safe there, and the next resume asks again. */
  observe(event: Recorded): void {
    if (event.type === 'host.ready' || event.type === 'host.lost' || event.type === 'host.failed')
      this.#untried.delete(event.host);
  }

  /** Whether to wait for them; `pending` is whether anything is under way between us and the hosts. */
  isFetching(pending: boolean): boolean {
    return this.#hasSome && (pending || this.#untried.size > 0);
  }
}
