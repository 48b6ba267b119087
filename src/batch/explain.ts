import { systemClock } from '../clock.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import { askManager } from './control-client.js';
import { type Answer, explainWord } from './explain-word.js';
import { loadBatch } from './load-batch.js';

/**
 * Why a job waits, or why a host idles: from the controller that runs the batch, else from the journal. Throws a SpecError
 * (E_USAGE) for what is neither job nor host.
 */
export async function explain(directory: BatchDirectory, word: string): Promise<Answer> {
  const answer = await askManager(directory, { ask: 'why', word });
  if (answer) return answer;
  const { file, state } = await loadBatch(directory);
  const { maxRunning } = file.options;
  return explainWord(state, word, directory.path, {
    controlled: false,
    now: systemClock.now(),
    maxRunning: typeof maxRunning === 'number' ? maxRunning : null,
  });
}
