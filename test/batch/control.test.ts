import { lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { askManager, followEvents } from '../../src/batch/control-client.js';
import { ControlServer } from '../../src/batch/control-server.js';
import { giveOrder } from '../../src/batch/give-order.js';
import { readOverview } from '../../src/batch/read-status.js';
import { SpecError } from '../../src/errors.js';
import type { Recorded } from '../../src/events/event.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { seededRandom } from '../../src/random.js';
import { connectRaw, readAll, startControlled } from '../helpers/control-batch.js';
import { pickSeed } from '../helpers/seed.js';
import { tempDir } from '../helpers/temp-dir.js';

test.serial('the socket is for its owner only, and goes when the batch is let go', async (t) => {
  const { directory, ended, letGo } = await startControlled(t);
  const socket = await lstat(join(directory.path, 'control.sock'));
  t.true(socket.isSocket());
  t.is(socket.mode & 0o777, 0o600);
  t.is((await stat(directory.path)).mode & 0o777, 0o700);
  await letGo();
  await ended;
  t.deepEqual(
    (await readdir(directory.path)).filter((name) => name.includes('control')),
    [],
  );
  t.is(await askManager(directory, { ask: 'status' }), null);
});

test.serial('a running batch tells how it stands, from memory', async (t) => {
  const { directory, ended, letGo } = await startControlled(t);
  const status = await askManager(directory, { ask: 'status' });
  t.deepEqual(status?.counts, { free: 2, busy: 1, done: 0, unknown: 0, error: 0 });
  t.is(status?.directory, directory.path);
  t.is((await askManager(directory, { ask: 'progress' }))?.running, 1);
  t.is((await askManager(directory, { ask: 'hosts' }))?.[0]?.name, 'lab01');
  t.like(await askManager(directory, { ask: 'why', word: 'lab01' }), { kind: 'host', reason: 'full' });
  await t.throwsAsync(askManager(directory, { ask: 'why', word: 'nobody' }), { instanceOf: SpecError });
  const output = await askManager(directory, { ask: 'output', attempt: '1.1', stream: 'stdout', from: 2 });
  t.is(Buffer.from(output ?? '', 'base64').toString(), 'gun\n');
  await letGo();
  await ended;
});

test.serial('the overview names as many of the open jobs as one asks for, and counts the rest', async (t) => {
  const { directory, ended, letGo } = await startControlled(t, { jobs: 5 });
  const overview = await askManager(directory, { ask: 'overview', most: 2 });
  t.deepEqual(
    overview?.jobs.map(({ id, state }) => [id, state]),
    [
      ['1', 'busy'],
      ['2', 'free'],
    ],
  );
  t.like(overview, { open: 5, toFetch: 0, total: 5, ended: false });
  await t.throwsAsync(askManager(directory, { ask: 'overview', most: 1e6 }), { code: 'E_CONTROL' });
  await letGo();
  await ended;
  const after = await readOverview(directory, 2);
  t.like(after, { open: 0, toFetch: 0, total: 5, ended: true });
  t.deepEqual(after.jobs, []);
});

test.serial('a path longer than a socket may have works, and a link to it too', async (t) => {
  const out = join('x'.repeat(100), 'y'.repeat(100), 'b');
  const { directory, ended, letGo } = await startControlled(t, { out });
  t.true(directory.path.length > 200);
  t.is((await askManager(directory, { ask: 'status' }))?.total, 3);
  await letGo();
  await ended;
});

test.serial('what a dead controller left of its socket is replaced, and asked in vain', async (t) => {
  const cwd = await tempDir(t);
  const directory = new BatchDirectory(join(cwd, 'b'));
  await mkdir(directory.path);
  t.is(await askManager(directory, { ask: 'status' }), null);
  await writeFile(join(directory.path, 'control.sock'), '');
  t.is(await askManager(directory, { ask: 'status' }), null);
});

test.serial(
  'two who follow hear every event once, from the number they name, until the batch ends',
  async (t) => {
    const { directory, ended, letGo } = await startControlled(t);
    const [all, some] = [await followEvents(directory, 1), await followEvents(directory, 4)];
    const heard = Promise.all([gather(all), gather(some)]);
    await letGo();
    await ended;
    const [first, second] = await heard;
    const journalled = await readEvents(directory);
    t.deepEqual(first, journalled);
    t.deepEqual(second, journalled.slice(3));
    t.is(first.at(-1)?.type, 'batch.ended');
  },
);

test.serial('one who follows and does not read neither holds up the batch nor its end', async (t) => {
  const { directory, ended, letGo } = await startControlled(t, { jobs: 200 });
  const socket = await connectRaw(directory);
  socket.pause().write('{"ask":"events","from":1}\n');
  for (let n = 0; n < 50; n += 1) socket.write('{"ask":"status"}\n');
  await letGo();
  const { summary } = await ended;
  t.is(summary.counts.done, 200);
  socket.destroy();
});

test.serial(
  'an order through the socket names what the batch does not have, and nothing changes',
  async (t) => {
    const { directory, batch, ended, letGo } = await startControlled(t);
    const wrong = giveOrder(directory, { kind: 'cancel', jobs: ['1', '9'], host: null }, {});
    const error = await t.throwsAsync(wrong, { instanceOf: SpecError });
    t.regex(error.message, /no job 9 .*E_USAGE/);
    const noHost = giveOrder(directory, { kind: 'pause', jobs: 'all', host: 'lab09' }, {});
    t.regex((await t.throwsAsync(noHost)).message, /no host "lab09"/);
    t.is(batch.progress().counts.error, 0);
    await letGo();
    t.is((await ended).summary.counts.done, 3);
  },
);

const MALFORMED = [
  '',
  'status',
  '{}',
  '[]',
  'null',
  '1e999',
  '{"ask":"Status"}',
  '{"ask":"status","more":1}',
  '{"ask":"__proto__"}',
  '{"__proto__":{"ask":"status"}}',
  '{"ask":"events","from":-1}',
  '{"ask":"events","from":1.5}',
  '{"ask":"output","attempt":"../../etc/passwd","stream":"stdout","from":0}',
  '{"ask":"output","attempt":"1.9","stream":"stdout","from":0}',
  '{"ask":"output","attempt":"1.1","stream":"exit","from":0}',
  '{"ask":"order","order":{"kind":"cancel","jobs":"some","host":null}}',
  '{"ask":"order","order":{"kind":"cancel","jobs":[1],"host":null}}',
  '{"ask":"order","order":{"kind":"cap","maxRunning":0}}',
  '{"ask":"order","order":{"kind":"cap","maxRunning":1e400}}',
  '{"ask":"order","order":{"kind":"exec","command":"rm"}}',
  '{"ask":"order","order":{"kind":"add","hosts":[{"name":"x","via":{"kind":"exec"}}]}}',
];

test.serial('what is malformed gets one error each, and the batch goes on', async (t) => {
  const { directory, batch, ended, letGo } = await startControlled(t);
  const socket = await connectRaw(directory);
  const answers = readAll(socket);
  for (const line of MALFORMED) socket.write(`${line}\n`);
  socket.end();
  const lines = (await answers).trimEnd().split('\n');
  t.is(lines.length, MALFORMED.length);
  for (const line of lines) t.regex(line, /^\{"error":\{"code":"E_(CONTROL|USAGE)"/);
  t.deepEqual(batch.progress().counts, { free: 2, busy: 1, done: 0, unknown: 0, error: 0 });
  await letGo();
  t.is((await ended).summary.counts.done, 3);
});

test.serial('a question without an end is refused before it fills the memory', async (t) => {
  const { directory, ended, letGo } = await startControlled(t);
  const socket = await connectRaw(directory);
  const answer = readAll(socket);
  socket.on('error', () => {});
  for (let mebibytes = 0; mebibytes < 6 && socket.writable; mebibytes += 1) socket.write('x'.repeat(1 << 20));
  t.regex(await answer, /the question is too long/);
  await letGo();
  t.is((await ended).summary.counts.done, 3);
});

test.serial('ten thousand lines of rubbish from several sides leave the batch alone', async (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const { directory, batch, ended, letGo } = await startControlled(t);
  for (let round = 0; round < 20; round += 1) {
    const socket = await connectRaw(directory);
    socket.on('error', () => {});
    const answers = readAll(socket);
    for (let line = 0; line < 500; line += 1) socket.write(rubbish(random));
    if (random() < 0.3) socket.destroy();
    else socket.end('\n');
    await answers;
  }
  t.is((await askManager(directory, { ask: 'progress' }))?.total, 3);
  t.deepEqual(batch.progress().counts, { free: 2, busy: 1, done: 0, unknown: 0, error: 0 });
  await letGo();
  t.is((await ended).summary.counts.done, 3);
});

test.serial('where no socket can be made, the batch runs without', async (t) => {
  const missing = join(await tempDir(t), 'gone');
  const control = new ControlServer({
    directory: missing,
    journalFile: join(missing, 'journal.jsonl'),
    lastSeq: () => 0,
    answer: () => Promise.resolve(null),
  });
  await t.throwsAsync(control.open(), { code: 'ENOENT' });
  await t.notThrowsAsync(control.close());
});

/** Bytes that are nearly a question, or nothing like one. */
function rubbish(random: () => number): Buffer {
  const model = Buffer.from(MALFORMED[Math.floor(random() * MALFORMED.length)] ?? '');
  const bytes = Buffer.from([...model].map((byte) => (random() < 0.1 ? Math.floor(random() * 256) : byte)));
  return Buffer.concat([bytes, Buffer.from(random() < 0.8 ? '\n' : '')]);
}

async function gather(feed: Awaited<ReturnType<typeof followEvents>>): Promise<Recorded[]> {
  const events: Recorded[] = [];
  if (feed) for await (const some of feed.events) events.push(...some);
  return events;
}

async function readEvents({ journalFile }: BatchDirectory): Promise<Recorded[]> {
  const lines = (await readFile(journalFile, 'utf8')).trimEnd().split('\n').slice(1);
  return lines.map((line) => {
    const { crc, ...event } = JSON.parse(line);
    return event;
  });
}
