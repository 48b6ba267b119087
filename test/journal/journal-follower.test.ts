import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { JournalFollower } from '../../src/journal/journal-follower.js';
import { formatJournalLine } from '../../src/journal/journal-line.js';
import { seededRandom } from '../../src/random.js';
import { RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

test('a journal that is written in pieces is followed whole, and never beyond the number given', async (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const history = new RandomHistory(random, { jobs: 30, hosts: 4, warning: 2_000 });
  history.run(600);
  const header = formatJournalLine({ gpool: 'journal', version: 1, batch: 'b' });
  const bytes = Buffer.from(header + history.events.map(formatJournalLine).join(''));
  const path = join(await tempDir(t), 'journal.jsonl');
  await writeFile(path, '');
  const follower = await JournalFollower.open(path);
  t.teardown(() => follower.close());
  const heard: unknown[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 60_000));
    await appendFile(path, bytes.subarray(from, to));
    from = to;
    const last = Math.floor(random() * history.events.length);
    for (let some = await follower.read(last); some.length > 0; some = await follower.read(last)) {
      heard.push(...some);
      t.true(heard.length <= last);
    }
  }
  for (let some = await follower.read(1e9); some.length > 0; some = await follower.read(1e9))
    heard.push(...some);
  t.deepEqual(heard, history.events);
});
