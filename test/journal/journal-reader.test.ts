import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, StateError } from '../../src/errors.js';
import type { ManagerEvent, Recorded } from '../../src/events/event.js';
import {
  formatJournalLine,
  JOURNAL_VERSION,
  type JournalHeader,
  parseJournalLine,
} from '../../src/journal/journal-line.js';
import { type JournalTail, readJournal } from '../../src/journal/journal-reader.js';
import { applyEvent } from '../../src/queue/apply-event.js';
import { countJobs, createBatchState } from '../../src/queue/batch-state.js';
import { seededRandom } from '../../src/random.js';
import { packageRoot } from '../helpers/package-root.js';
import { anySpecs, RandomHistory } from '../helpers/random-history.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

const HEADER: JournalHeader = { gpool: 'journal', version: 1, batch: 'b' };

/** What reading gave: the numbers of the events, and the end or the error's code. */
interface Reading {
  readonly events: readonly Recorded[];
  readonly tail: JournalTail | null;
  readonly error: StateError | null;
}

async function read(path: string): Promise<Reading> {
  const events: Recorded[] = [];
  try {
    return { tail: await readJournal(path, (event) => events.push(event)), events, error: null };
  } catch (error) {
    if (error instanceof StateError) return { events, tail: null, error };
    throw error;
  }
}

/** A journal of a random batch: its path, its lines and its events. */
async function writeRandomJournal(t: ExecutionContext, steps: number) {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const history = new RandomHistory(seededRandom(seed), { jobs: Math.ceil(steps / 4), hosts: 5 });
  history.run(steps);
  const path = join(await tempDir(t), 'journal.jsonl');
  const lines = [HEADER, ...history.events].map(formatJournalLine);
  await writeFile(path, lines.join(''));
  return { path, lines, history, random: seededRandom(seed) };
}

async function writeJournal(t: ExecutionContext, lines: readonly string[]): Promise<string> {
  const path = join(await tempDir(t), 'journal.jsonl');
  await writeFile(path, lines.join(''));
  return path;
}

function event(seq: number): Recorded<Extract<ManagerEvent, { type: 'batch.stopping' }>> {
  return { seq, at: '2026-03-01T10:00:00.000Z', type: 'batch.stopping', reason: `"ü\n${seq}` };
}

test('what was written is read again, and the state follows from it', async (t) => {
  const { path, history } = await writeRandomJournal(t, 2000);
  const state = createBatchState(history.specs, history.hosts);
  const tail = await readJournal(path, (event) => applyEvent(state, event));
  t.deepEqual(tail, { header: HEADER, seq: 2001, bytes: (await stat(path)).size, dropped: 0 });
  t.deepEqual({ ...state, jobById: null }, { ...history.state, jobById: null });
});

test('a journal of version 1, with every kind of event, loads for ever', async (t) => {
  const path = join(packageRoot(), 'test/fixtures/journal-v1.jsonl');
  const state = createBatchState(anySpecs(3), ['lab01', 'lab02']);
  const tail = await readJournal(path, (event) => applyEvent(state, event));
  t.like(tail, { seq: 19, dropped: 0, header: { version: 1, batch: '20260301-101500-sim' } });
  t.deepEqual(countJobs(state), { free: 0, busy: 0, done: 1, unknown: 1, error: 1 });
  t.deepEqual(
    state.hosts.map((host) => host.state),
    ['error', 'free'],
  );
  t.deepEqual({ ...state.offsets }, { lab01: 140, lab02: 150 });
  t.true(state.ended);
});

test('a line carries the CRC-32 of what comes before it', (t) => {
  const line = formatJournalLine(HEADER);
  t.is(line, '{"gpool":"journal","version":1,"batch":"b","crc":"4192d210"}\n');
  t.deepEqual(parseJournalLine(Buffer.from(line.trimEnd())), HEADER);
});

test('of 10 000 flipped bits none gives another state in silence', async (t) => {
  t.timeout(300_000);
  const { path, history, random } = await writeRandomJournal(t, 160);
  const expected = history.events.map((each) => JSON.stringify(each));
  const bytes = await readFile(path);
  const file = await open(path, 'r+');
  const silent: number[] = [];
  let refused = 0;
  for (let flip = 0; flip < 10_000; flip += 1) {
    const at = Math.floor(random() * bytes.length);
    const flipped = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    await file.write(Buffer.of(flipped), 0, 1, at);
    const { tail, error, events } = await read(path);
    await file.write(bytes, at, 1, at);
    if (error) refused += 1;
    const prefix = events.every((each, index) => JSON.stringify(each) === expected[index]);
    const noticed = error !== null || (tail !== null && tail.bytes <= at && tail.dropped > 0);
    if (!prefix || !noticed) silent.push(at);
  }
  await file.close();
  t.log(`${refused} refused, ${10_000 - refused} in a reported torn end`);
  t.deepEqual(silent, []);
});

test('of a journal of many pieces, what is before the damage is told, and the byte where that begins', async (t) => {
  const { path, lines, history, random } = await writeRandomJournal(t, 8000);
  const bytes = await readFile(path);
  for (let turn = 0; turn < 20; turn += 1) {
    const line = 1 + Math.floor(random() * (lines.length - 2));
    const start = Buffer.byteLength(lines.slice(0, line).join(''));
    const damaged = Buffer.from(bytes);
    damaged[start + 5] = (damaged[start + 5] ?? 0) ^ 4;
    await writeFile(path, damaged);
    const { events, error } = await read(path);
    t.deepEqual(events, history.events.slice(0, line - 1));
    t.true(error?.where.endsWith(`byte ${start}`), error?.where);
  }
});

test('damage with good lines after it is refused, with the byte where it begins', async (t) => {
  const lines = [HEADER, event(1), event(2), event(3)].map(formatJournalLine);
  lines[2] = (lines[2] ?? '').replace('stopping', 'stepping');
  const path = await writeJournal(t, lines);
  const { error, events } = await read(path);
  const offset = Buffer.byteLength(lines.slice(0, 2).join(''));
  t.is(error?.code, 'E_JOURNAL_DAMAGED');
  t.is(error?.where, `${path}, byte ${offset}`);
  t.is(events.length, 1);
});

const REFUSED: readonly (readonly [string, ErrorCode, readonly string[]])[] = [
  ['a gap in the numbers', 'E_JOURNAL_DAMAGED', [HEADER, event(1), event(3)].map(formatJournalLine)],
  ['a number that comes twice', 'E_JOURNAL_DAMAGED', [HEADER, event(1), event(1)].map(formatJournalLine)],
  ['a first line that is an event', 'E_JOURNAL_DAMAGED', [formatJournalLine(event(1))]],
  ['a second header', 'E_JOURNAL_DAMAGED', [HEADER, HEADER].map(formatJournalLine)],
  ['a file that is no journal', 'E_JOURNAL_DAMAGED', ['some notes\n', 'of mine\n']],
  ['a newer version', 'E_BATCH_VERSION', [formatJournalLine({ ...HEADER, version: JOURNAL_VERSION + 1 })]],
];
for (const [title, code, lines] of REFUSED) {
  test(`${title} is refused as ${code}`, async (t) => {
    const path = await writeJournal(t, lines);
    const { error } = await read(path);
    t.is(error?.code, code);
    t.true(error?.where.startsWith(path));
    t.is(await readFile(path, 'utf8'), lines.join(''), 'the file is left as it was');
  });
}

test('a journal that is not there is a batch that is not there', async (t) => {
  const { error } = await read(join(await tempDir(t), 'journal.jsonl'));
  t.is(error?.code, 'E_BATCH_NOT_FOUND');
});

test('zeros at the end, as a power cut leaves them, are a torn end', async (t) => {
  const path = await writeJournal(t, [
    formatJournalLine(HEADER),
    formatJournalLine(event(1)),
    '\0'.repeat(5000),
  ]);
  const { tail } = await read(path);
  t.like(tail, { seq: 1, dropped: 5000 });
});

// Alone: what other tests of this process hold meanwhile would count.
test.serial('a journal is read in constant memory', async (t) => {
  const path = join(await tempDir(t), 'journal.jsonl');
  const file = await open(path, 'w');
  await file.write(formatJournalLine(HEADER));
  const reason = 'x'.repeat(400);
  for (let seq = 1; seq <= 200_000; ) {
    let text = '';
    for (const end = seq + 1000; seq < end; seq += 1) text += formatJournalLine({ ...event(seq), reason });
    await file.write(text);
  }
  await file.close();
  const size = (await stat(path)).size;
  const before = process.memoryUsage.rss();
  let highest = before;
  await readJournal(path, ({ seq }) => {
    if (seq % 10_000 === 0) highest = Math.max(highest, process.memoryUsage.rss());
  });
  t.log(`${size >> 20} MiB read, memory grew by ${(highest - before) >> 20} MiB`);
  t.true(highest - before < size * 0.8);
});
