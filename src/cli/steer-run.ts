import type { BatchRun } from '../batch/batch-run.js';
import { formatDetached, isDetached } from './detached-text.js';
import { formatError } from './error-text.js';
import type { Steering } from './watch-run.js';

/** The first interrupt stops launching and returns soon; a second one ends the jobs on their hosts. */
export function steerRun(batch: BatchRun, place: string): Steering {
  return {
    first: (signal, tell) => {
      tell(`${signal}: nothing more is started; what runs on the hosts goes on. Once more ends it there.`);
      batch.stop(`interrupted by ${signal}`);
    },
    second: (tell) => {
      tell('ending the jobs on their hosts');
      return batch
        .cancel()
        .catch((error: unknown) => tell(formatError(error, { json: false, debug: false }).trimEnd()));
    },
    farewell: (end) => (isDetached(end) ? formatDetached(end, place) : null),
  };
}
