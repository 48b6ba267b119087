import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Clock } from '../../src/clock.js';
import { type ErrorCode, StateError } from '../../src/errors.js';
import type { GpoolEvent, Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { type BatchStore, memoryStore, openBatchStore } from '../../src/journal/batch-store.js';
import { type JournalFile, openJournalFile } from '../../src/journal/journal-file.js';
import { readJournal } from '../../src/journal/journal-reader.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { createBatchState } from '../../src/queue/batch-state.js';
import { type Random, seededRandom } from '../../src/random.js';
import { RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

async function newDirectory(t: ExecutionContext): Promise<BatchDirectory> {
  return new BatchDirectory(await tempDir(t));
}

function stopping(reason: string): GpoolEvent {
  return { type: 'batch.stopping', reason };
}

async function readBack(directory: BatchDirectory): Promise<Recorded[]> {
  const events: Recorded[] = [];
  await readJournal(directory.journalFile, (event) => events.push(event));
  return events;
}

function clockAt(times: readonly number[]): Clock {
  let next = 0;
  return {
    now: () => times[Math.min(next++, times.length - 1)] ?? 0,
    elapsed: () => 0,
    after: () => () => undefined,
  };
}

test("events get numbers without a gap and the controller's time, and are in the journal when the promise resolves", async (t) => {
  const directory = await newDirectory(t);
  const store = await openBatchStore(directory, { clock: clockAt([0, 0, 3_600_000]), batch: 'b' });
  t.is(store.directory, directory.path);
  const first = await store.record([stopping('a'), stopping('b')]);
  t.deepEqual(await readBack(directory), [...first]);
  const second = await store.record([stopping('c')]);
  t.deepEqual(
    [...first, ...second].map(({ seq, at }) => `${seq} ${at}`),
    ['1 1970-01-01T00:00:00.000Z', '2 1970-01-01T00:00:00.000Z', '3 1970-01-01T01:00:00.000Z'],
  );
  await store.close();
  t.deepEqual(await readBack(directory), [...first, ...second]);
});

test('a clock that is set back changes no order', async (t) => {
  const directory = await newDirectory(t);
  const store = await openBatchStore(directory, { clock: clockAt([7_200_000, 3_600_000]) });
  await store.record([stopping('a'), stopping('b')]);
  await store.close();
  t.deepEqual(
    (await readBack(directory)).map(({ seq }) => seq),
    [1, 2],
  );
});

test('waiting is told, with number 0, and not journalled', async (t) => {
  const directory = await newDirectory(t);
  const store = await openBatchStore(directory);
  t.is((await store.record([{ type: 'batch.waited' }]))[0]?.seq, 0);
  t.is((await store.record([stopping('a')]))[0]?.seq, 1);
  await store.close();
  t.is((await readBack(directory)).length, 1);
});

test('the state rebuilt from the journal equals the live one', async (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < 10; round += 1) {
    const directory = await newDirectory(t);
    const history = new RandomHistory(random, { jobs: 20, hosts: 4 });
    history.run(300);
    const live = createBatchState(history.specs, history.hosts);
    await recordAll(
      await openBatchStore(directory),
      history.events,
      (event) => applyEvent(live, event),
      random,
    );
    const rebuilt = createBatchState(history.specs, history.hosts);
    await readJournal(directory.journalFile, (event) => applyEvent(rebuilt, event));
    t.deepEqual({ ...rebuilt, jobById: null }, { ...live, jobById: null });
  }
});

/** Records in batches of random size, without waiting for each. */
async function recordAll(
  store: BatchStore,
  events: readonly Recorded[],
  apply: (event: Recorded) => void,
  random: Random,
): Promise<void> {
  const records: Promise<void>[] = [];
  for (let from = 0; from < events.length; ) {
    const to = from + 1 + Math.floor(random() * 5);
    const bare = events.slice(from, to).map(({ seq: _seq, at: _at, ...event }) => event as GpoolEvent);
    records.push(store.record(bare).then((recorded) => recorded.forEach(apply)));
    from = to;
  }
  await Promise.all(records);
  await store.close();
}

test('a journal is gone on with after its torn end was cut off', async (t) => {
  const directory = await newDirectory(t);
  const before = await openBatchStore(directory, { batch: 'b' });
  await before.record([stopping('a'), stopping('b')]);
  await before.close();
  await appendFile(directory.journalFile, '{"seq":3,"at":"20');
  const tail = await readJournal(directory.journalFile, () => undefined);
  t.like(tail, { seq: 2, dropped: 17, header: { batch: 'b' } });
  const after = await openBatchStore(directory, { read: async () => ({ batch: 'b', tail }) });
  t.is((await after.record([stopping('c')]))[0]?.seq, 3);
  await after.close();
  t.is((await readBack(directory)).length, 3);
});

test('a journal of which only a part of the first line was written is begun anew', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(directory.journalFile, '{"gpool":"jou');
  const store = await openBatchStore(directory);
  await store.record([stopping('a')]);
  await store.close();
  t.is((await readBack(directory)).length, 1);
});

test('a damaged journal is not opened and stays as it is', async (t) => {
  const directory = await newDirectory(t);
  await writeFile(directory.journalFile, 'my notes\nof today\n');
  const error = await t.throwsAsync(openBatchStore(directory), { instanceOf: StateError });
  t.is(error.code, 'E_JOURNAL_DAMAGED');
  t.is(await readFile(directory.journalFile, 'utf8'), 'my notes\nof today\n');
});

test('a journal that cannot be made is one clear error', async (t) => {
  const directory = new BatchDirectory(join(await tempDir(t), 'gone'));
  const error = await t.throwsAsync(openBatchStore(directory), { instanceOf: StateError });
  t.is(error.code, 'E_BATCH_WRITE');
  t.is(error.where, directory.journalFile);
});

test('a journal that is deleted while it is written stops the batch', async (t) => {
  const directory = await newDirectory(t);
  const store = await openBatchStore(directory);
  await store.record([stopping('a')]);
  await rm(directory.journalFile);
  t.is(await codeOf(store.record([stopping('b')])), 'E_JOURNAL');
  await store.close();
});

test('many events at once take few syncs', async (t) => {
  const directory = await newDirectory(t);
  let syncs = 0;
  const store = await openBatchStore(directory, {
    openFile: async (path, bytes) => {
      const file = await openJournalFile(path, bytes);
      const sync = async (): Promise<void> => {
        syncs += 1;
        await file.sync();
      };
      return { ...file, sync };
    },
  });
  const records = Array.from({ length: 5000 }, (_, index) => store.record([stopping(String(index))]));
  await Promise.all(records);
  await store.close();
  t.log(`${syncs} syncs`);
  t.true(syncs <= 10);
  t.is((await readBack(directory)).length, 5000);
});

test('a disk that is full at any of the first 8192 bytes loses nothing that was acknowledged', async (t) => {
  t.timeout(300_000);
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const directory = await newDirectory(t);
    const wrong: number[] = [];
    for (let room = lane; room <= 8192; room += LANES) {
      if (!(await survives(directory, (file) => fullAt(file, room)))) wrong.push(room);
    }
    return wrong;
  });
  t.deepEqual((await Promise.all(lanes)).flat(), []);
});

test('a sync that fails at any of the first 100 calls loses nothing that was acknowledged', async (t) => {
  const directory = await newDirectory(t);
  const wrong: number[] = [];
  for (let call = 1; call <= 100; call += 1) {
    if (!(await survives(directory, (file) => failingSync(file, call)))) wrong.push(call);
  }
  t.deepEqual(wrong, []);
});

/** Side by side, for what is waited for is the disk. */
const LANES = 8;

const EMPTY = { header: null, seq: 0, bytes: 0, dropped: 0 };

/** Records until the file fails; then everything must be refused, and what was acknowledged must be in the file. */
async function survives(
  directory: BatchDirectory,
  harm: (file: JournalFile) => JournalFile,
): Promise<boolean> {
  await writeFile(directory.journalFile, '');
  const openFile = async (path: string, bytes: number) => harm(await openJournalFile(path, bytes));
  const store = await openBatchStore(directory, {
    read: async () => ({ batch: 'full', tail: EMPTY }),
    openFile,
  }).catch(() => null);
  let acknowledged = 0;
  let refused: ErrorCode | null = null;
  for (let n = 0; store && refused === null && n < 200; n += 1) {
    refused = await codeOf(store.record([stopping(`event ${n} ${'x'.repeat(200)}`)]));
    if (refused === null) acknowledged += 1;
  }
  const again = store ? await codeOf(store.record([stopping('again')])) : 'E_JOURNAL';
  await store?.close();
  const { seq } = await readJournal(directory.journalFile, () => undefined);
  return (store === null || refused === 'E_JOURNAL') && again === 'E_JOURNAL' && seq >= acknowledged;
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    if (error instanceof StateError) return error.code;
    throw error;
  }
}

/** As a full disk does: writes what still fits, then fails. */
function fullAt(file: JournalFile, room: number): JournalFile {
  let left = room;
  const write = async (text: string): Promise<void> => {
    const part = text.slice(0, left);
    left -= part.length;
    await file.write(part);
    if (part.length < text.length) throw new Error('ENOSPC: no space left on device, write');
  };
  return { ...file, write, sync: async () => undefined };
}

function failingSync(file: JournalFile, call: number): JournalFile {
  let calls = 0;
  const sync = async (): Promise<void> => {
    calls += 1;
    if (calls === call) throw new Error('EIO: i/o error, fdatasync');
  };
  return { ...file, sync };
}

test('the journal is 0600', async (t) => {
  const directory = await newDirectory(t);
  await (await openBatchStore(directory)).close();
  t.is((await stat(directory.journalFile)).mode & 0o777, 0o600);
});

test('a store in memory numbers events and keeps nothing', async (t) => {
  const store = memoryStore({ clock: clockAt([0]) });
  await store.record([stopping('a'), { type: 'batch.waited' }]);
  const [event] = await store.record([stopping('b')]);
  t.deepEqual(event, { seq: 2, at: '1970-01-01T00:00:00.000Z', type: 'batch.stopping', reason: 'b' });
  t.is(store.directory, null);
  t.is(store.attemptDirectory('1', 1), null);
  await store.close();
});
