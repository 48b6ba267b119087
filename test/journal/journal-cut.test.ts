import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { formatJournalLine } from '../../src/journal/journal-line.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { seededRandom } from '../../src/random.js';
import { RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Some bytes more than the 64 KiB that are asked for. */
const ENOUGH = 66_000;

test('a journal cut at any byte loads up to the last whole record and says what it dropped', async (t) => {
  t.timeout(600_000);
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const lines = makeLines(seed);
  const ends = lines.map(() => 0);
  for (const [index, line] of lines.entries()) ends[index] = (ends[index - 1] ?? 0) + line.length;
  const size = ends.at(-1) ?? 0;
  t.true(size >= 64 * 1024);
  const path = join(await tempDir(t), 'journal.jsonl');
  await writeFile(path, Buffer.concat(lines));
  const file = await open(path, 'r+');
  const wrong: number[] = [];
  for (let cut = size, whole = lines.length; cut >= 0; cut -= 1) {
    await file.truncate(cut);
    while (whole > 0 && (ends[whole - 1] ?? 0) > cut) whole -= 1;
    const bytes = ends[whole - 1] ?? 0;
    let events = 0;
    const tail = await readJournal(path, () => {
      events += 1;
    });
    const good = tail.seq === Math.max(0, whole - 1) && events === tail.seq && tail.bytes === bytes;
    if (!good || tail.dropped !== cut - bytes || (tail.header === null) !== (whole === 0)) wrong.push(cut);
  }
  await file.close();
  t.deepEqual(wrong, []);
});

/** Long lines for the most part: few records make many bytes to cut at. */
function makeLines(seed: number): Buffer[] {
  const history = new RandomHistory(seededRandom(seed), { jobs: 25, hosts: 5, warning: 1500 });
  const lines = [Buffer.from(formatJournalLine({ gpool: 'journal', version: 1, batch: 'b' }))];
  for (let size = 0; size < ENOUGH; ) {
    history.run(1);
    const event = history.events.at(-1);
    if (!event) break;
    const line = Buffer.from(formatJournalLine({ ...event, seq: lines.length }));
    lines.push(line);
    size += line.length;
  }
  return lines;
}
