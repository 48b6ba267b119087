import test from 'ava';
import { StateError } from '../../src/errors.js';
import type { JournalFile } from '../../src/journal/journal-file.js';
import { JournalWriter } from '../../src/journal/journal-writer.js';

/** A file in memory whose syncs end when the test says so. */
class SlowFile implements JournalFile {
  text = '';
  syncs = 0;
  names = 1;
  closed = 0;
  readonly #release: (() => void)[] = [];

  async write(text: string): Promise<void> {
    this.text += text;
  }

  sync(): Promise<void> {
    this.syncs += 1;
    return new Promise((resolve) => this.#release.push(resolve));
  }

  async links(): Promise<number> {
    return this.names;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  /** Ends the sync under way and lets everything that follows from it happen. */
  async finishSync(): Promise<void> {
    this.#release.shift()?.();
    await settle();
  }
}

/** One turn of the event loop: all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isFault(error: unknown): boolean {
  return error instanceof StateError && error.code === 'E_JOURNAL';
}

test('an append settles only after its sync', async (t) => {
  const file = new SlowFile();
  let settled = false;
  const append = new JournalWriter(file, 'j').append('a\n').then(() => {
    settled = true;
  });
  await settle();
  t.is(file.text, 'a\n');
  t.false(settled);
  await file.finishSync();
  await append;
  t.true(settled);
});

test('what comes while a sync is under way goes into the next one together', async (t) => {
  const file = new SlowFile();
  const writer = new JournalWriter(file, 'j');
  const first = writer.append('1\n');
  await settle();
  const rest = Array.from({ length: 100 }, (_, index) => writer.append(`${index + 2}\n`));
  await settle();
  t.is(file.text, '1\n', 'nothing is written while a sync is under way');
  await file.finishSync();
  await first;
  t.is(file.syncs, 2);
  await file.finishSync();
  await Promise.all(rest);
  t.is(file.syncs, 2);
  t.is(file.text, Array.from({ length: 101 }, (_, index) => `${index + 1}\n`).join(''));
});

test('what is appended in one go is one group', async (t) => {
  const file = new SlowFile();
  const writer = new JournalWriter(file, 'j');
  const appends = ['a', 'b', 'c'].map((text) => writer.append(text));
  await settle();
  await file.finishSync();
  await Promise.all(appends);
  t.is(file.syncs, 1);
});

test('after the first fault every append is refused and nothing is tried again', async (t) => {
  const file = new SlowFile();
  let writes = 0;
  file.write = async () => {
    writes += 1;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  const writer = new JournalWriter(file, '/b/journal.jsonl');
  const error = await t.throwsAsync(writer.append('a'), { instanceOf: StateError });
  t.is(error.code, 'E_JOURNAL');
  t.regex(error.message, /^\/b\/journal\.jsonl: ENOSPC/);
  t.true(isFault(await t.throwsAsync(writer.append('b'))));
  t.is(writes, 1);
});

test('those who wait behind a failed group are refused too', async (t) => {
  const file = new SlowFile();
  file.sync = async () => {
    await settle();
    throw new Error('EIO');
  };
  const writer = new JournalWriter(file, 'j');
  const first = writer.append('a');
  await Promise.resolve();
  await Promise.resolve();
  const second = writer.append('b');
  const results = await Promise.allSettled([first, second]);
  t.true(results.every((result) => result.status === 'rejected' && isFault(result.reason)));
  t.is(file.text, 'a');
});

test('a journal that was deleted meanwhile is a fault', async (t) => {
  const file = new SlowFile();
  file.names = 0;
  const append = new JournalWriter(file, 'j').append('a');
  await settle();
  await file.finishSync();
  t.true(isFault(await t.throwsAsync(append)));
});

test('closing waits for what was appended, and closes once', async (t) => {
  const file = new SlowFile();
  const writer = new JournalWriter(file, 'j');
  const append = writer.append('a');
  await settle();
  const closed = Promise.all([writer.close(), writer.close()]);
  await settle();
  t.is(file.closed, 0);
  await file.finishSync();
  await append;
  await closed;
  t.is(file.closed, 1);
  t.true(isFault(await t.throwsAsync(writer.append('b'))));
});
