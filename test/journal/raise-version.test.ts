import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { openBatchStore } from '../../src/journal/batch-store.js';
import { formatJournalLine, JOURNAL_VERSION } from '../../src/journal/journal-line.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { tempDir } from '../helpers/temp-dir.js';

const EVENTS = [1, 2, 3].map((seq) =>
  formatJournalLine({ seq, at: '2026-03-01T10:00:00.000Z', type: 'batch.stopping', reason: 'ü' }),
);

async function oldBatch(t: ExecutionContext, batch: string): Promise<BatchDirectory> {
  const directory = new BatchDirectory(await tempDir(t));
  const header = formatJournalLine({ gpool: 'journal', version: 1, batch });
  await writeFile(directory.journalFile, [header, ...EVENTS].join(''));
  return directory;
}

for (const batch of ['b', 'nächtlich "x"', 'x'.repeat(200)]) {
  test(`a journal of version 1 gets this version when it is gone on with, and keeps every event: ${batch}`, async (t) => {
    const directory = await oldBatch(t, batch);
    const before = await readFile(directory.journalFile, 'utf8');
    const { ino } = await stat(directory.journalFile);
    const store = await openBatchStore(directory);
    const raised = await readFile(directory.journalFile, 'utf8');
    t.is(raised.length, before.length, 'before anything is added');
    t.is(raised.slice(raised.indexOf('\n')), before.slice(before.indexOf('\n')));
    t.is((await stat(directory.journalFile)).ino, ino);
    await store.record([{ type: 'batch.resumed' }]);
    await store.close();
    const tail = await readJournal(directory.journalFile, () => undefined);
    t.like(tail, { seq: 4, dropped: 0, header: { version: JOURNAL_VERSION, batch } });
  });
}

test('the version is raised before a torn end is cut off', async (t) => {
  const directory = await oldBatch(t, 'b');
  await appendFile(directory.journalFile, '{"seq":4,"at":');
  const store = await openBatchStore(directory);
  await store.close();
  t.like(await readJournal(directory.journalFile, () => undefined), {
    seq: 3,
    dropped: 0,
    header: { version: 2 },
  });
});

test('a journal that cannot be read is left as it was', async (t) => {
  const directory = await oldBatch(t, 'b');
  const bytes = (await readFile(directory.journalFile)).fill(0x20, 60, 100);
  await writeFile(directory.journalFile, bytes);
  await t.throwsAsync(openBatchStore(directory), { code: 'E_JOURNAL_DAMAGED' });
  t.deepEqual(await readFile(directory.journalFile), bytes);
  await truncate(directory.journalFile, 0);
});

test('reading changes nothing', async (t) => {
  const directory = await oldBatch(t, 'b');
  const tail = await readJournal(directory.journalFile, () => undefined);
  t.is(tail.header?.version, 1);
});
