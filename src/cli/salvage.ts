import type { LoadedBatch } from '../batch/load-batch.js';
import { salvageBatch } from '../batch/salvage-batch.js';
import { describePlace } from './show-batch.js';

/** `--salvage`: repairs a damaged journal and says what is lost of it. */
export async function salvage(directory: LoadedBatch['directory'], cwd: string): Promise<void> {
  const place = describePlace({ directory: directory.path }, cwd);
  const saved = await salvageBatch(directory);
  if (saved === null) {
    process.stderr.write(`gpool: ${place}: the journal is whole, there is nothing to salvage\n`);
    return;
  }
  const { kept, lines, bytes, firstByte, unfit, backup } = saved;
  const lost =
    firstByte === null
      ? ''
      : `; damaged lines left out: ${lines} (${bytes} bytes, from byte ${firstByte} on)`;
  const odd = unfit === 0 ? '' : `; events left out that do not fit without these: ${unfit}`;
  process.stderr.write(`gpool: ${place}: ${kept} events saved${lost}${odd}; the old journal is ${backup}\n`);
}
