import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadBatch } from '../../src/batch/load-batch.js';
import { salvageBatch } from '../../src/batch/salvage-batch.js';
import { StateError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { writeBatchFile } from '../../src/journal/batch-file.js';
import { lockBatch } from '../../src/journal/batch-lock.js';
import { formatJournalLine } from '../../src/journal/journal-line.js';
import type { Job } from '../../src/queue/job.js';
import { type Random, seededRandom } from '../../src/random.js';
import { anyHost } from '../helpers/any-host.js';
import { RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Kept {
  readonly directory: BatchDirectory;
  readonly history: RandomHistory;
  /** The lines of the journal; the first is its header. */
  readonly lines: readonly string[];
}

async function keepRandom(t: ExecutionContext, random: Random): Promise<Kept> {
  const directory = new BatchDirectory(await tempDir(t));
  const history = new RandomHistory(random, { jobs: 8, hosts: 3 });
  history.run(300);
  const { specs, hosts } = history;
  const facts = { id: 'b', name: 'b', createdAt: '', versions: {}, options: {} };
  await writeBatchFile(directory, { ...facts, specs, hosts: hosts.map((name) => anyHost(name)) });
  const header = formatJournalLine({ gpool: 'journal', version: 1, batch: 'b' });
  return { directory, history, lines: [header, ...history.events.map((event) => formatJournalLine(event))] };
}

/** Where a job stands as far as a salvage can tell: which of its hosts can be asked comes anew. */
function standing({ state, attempts }: Job): string {
  return `${state === 'busy' || state === 'unknown' ? 'open' : state} ${attempts.length}`;
}

function isAbout(event: Recorded, job: Job): boolean {
  if ('job' in event) return event.job === job.id;
  return 'attempt' in event && event.attempt.startsWith(`${job.id}.`);
}

test('one damaged line changes at most what is known of the job that it tells of', async (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round += 1) {
    const { directory, history, lines } = await keepRandom(t, random);
    const at = 2 + Math.floor(random() * (lines.length - 4));
    const event = history.events[at - 1];
    if (!event || event.type.startsWith('host.') || event.type.startsWith('batch.')) continue;
    const spoilt = lines.map((line, index) => (index === at ? line.replace('"', "'") : line));
    await writeFile(directory.journalFile, spoilt.join(''));
    const saved = await salvageBatch(directory);
    t.like(saved, { lines: 1, firstByte: Buffer.byteLength(lines.slice(0, at).join('')) });
    const { state } = await loadBatch(directory);
    for (const job of history.state.jobs) {
      if (isAbout(event, job)) continue;
      const found = state.jobById.get(job.id);
      t.is(
        found && standing(found),
        standing(job),
        `round ${round}, job ${job.id}, line ${at}, seed ${seed}`,
      );
    }
  }
});

test('whatever is damaged, the new journal loads and leaves nothing to save', async (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round += 1) {
    const { directory, lines } = await keepRandom(t, random);
    const bytes = Buffer.from(lines.join(''));
    for (let hole = 0; hole <= round % 3; hole += 1) {
      const from = Math.floor(random() * (bytes.length - 5000));
      bytes.fill(0, from, from + Math.floor(random() * 4096));
    }
    await writeFile(directory.journalFile, bytes);
    const saved = await salvageBatch(directory);
    t.truthy(saved, `seed ${seed}`);
    t.deepEqual(await readFile(join(directory.path, saved?.backup ?? '')), bytes);
    const { state } = await loadBatch(directory);
    t.is(state.seq, saved?.kept ?? -1);
    t.deepEqual(Object.values(state.offsets).filter(Boolean), [], 'the hosts are asked anew');
    t.is(await salvageBatch(directory), null, 'there is nothing left to save');
  }
});

test('a journal that another process writes is not touched', async (t) => {
  const { directory, lines } = await keepRandom(t, seededRandom(1));
  const spoilt = lines.map((line, index) => (index === 5 ? line.replace('"', "'") : line)).join('');
  await writeFile(directory.journalFile, spoilt);
  const lock = await lockBatch(directory);
  const error = await t.throwsAsync(salvageBatch(directory), { instanceOf: StateError });
  lock.release();
  t.is(error.code, 'E_BATCH_HELD');
  t.is(await readFile(directory.journalFile, 'utf8'), spoilt);
});
