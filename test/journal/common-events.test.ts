import test from 'ava';
import type { Recorded } from '../../src/events/event.js';
import { CommonEvents } from '../../src/journal/common-events.js';
import { type Random, seededRandom } from '../../src/random.js';
import { pickSeed } from '../helpers/seed.js';

/** Without the brace at its end: `read` is told where that is. */
function read(common: CommonEvents, body: Buffer): Recorded | null {
  const before = Buffer.from('{"crc":""}\n');
  common.take(Buffer.concat([before, body, Buffer.from('}')]));
  return common.read(before.length, before.length + body.length);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(`${body.toString()}}`);
  } catch {
    return null;
  }
}

function toBody(event: object): Buffer {
  return Buffer.from(JSON.stringify(event).slice(0, -1));
}

const pick = <T>(random: Random, ...values: readonly [T, ...T[]]): T =>
  values[Math.floor(random() * values.length)] ?? values[0];

/** The kinds that are common, mostly with common values. */
function anyEvent(random: Random): object {
  const number = (): number => pick(random, 0, 7, 1_767_225_613_960, Math.floor(random() * 1e6));
  const job = String(1 + number());
  const attempt = `${job}.${1 + Math.floor(random() * 12)}`;
  const host = pick(random, 'h1', 'me@a.long.name.of.a.host:2222', 'lab"1"', 'büro', 'lab\\01', '');
  const head = { seq: number(), at: new Date(number()).toISOString() };
  const usage = {
    startedAt: number(),
    wallMs: number(),
    userMs: number(),
    systemMs: number(),
    peakKb: number(),
  };
  const output = { stdout: random() < 0.5, stderr: random() < 0.5 };
  const outcome = pick(random, { kind: 'succeeded' }, { kind: 'failed', code: 3 });
  const files = pick(random, [], [{ path: 'out', bytes: 3 }]);
  const collected = { stdoutBytes: number(), stderrBytes: number(), files, missing: [], skipped: [] };
  return pick<object>(
    random,
    { ...head, type: 'job.launched', job, attempt, host },
    { ...head, type: 'job.started', attempt, host, slot: number(), offset: number() },
    { ...head, type: 'job.ended', attempt, host, outcome, usage, output, offset: number() },
    { ...head, type: 'job.done', job, attempt, collected },
    { ...head, type: 'host.held', host, reason: 'x' },
  );
}

/** One to three small changes: what a disk or an editor may do. */
function harm(random: Random, body: Buffer): Buffer {
  let harmed = body;
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    const at = Math.floor(random() * harmed.length);
    const put = Buffer.from(
      pick(random, '', '0', '00', '-', '.', 'e1', '"', '\\', ' ', '\n', '\0', 'ü', '}', '{', ',', 'true'),
    );
    harmed = Buffer.concat([harmed.subarray(0, at), put, harmed.subarray(at + Math.floor(random() * 3))]);
  }
  return harmed;
}

test('what is read of any line is what JSON.parse reads, or nothing', (t) => {
  const seed = pickSeed();
  t.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const common = new CommonEvents();
  let known = 0;
  for (let turn = 0; turn < 60_000; turn += 1) {
    const whole = toBody(anyEvent(random));
    const body = turn % 3 === 0 ? whole : harm(random, whole);
    const event = read(common, body);
    if (event === null) continue;
    known += 1;
    if (JSON.stringify(event) !== JSON.stringify(parse(body))) t.fail(body.toString());
  }
  t.log(`${known} were read`);
  t.true(known > 4_000);
});

const HEAD = { seq: 12, at: '2026-03-01T10:15:00.481Z' };
const USAGE = { startedAt: 1_767_225_613_960, wallMs: 1280, userMs: 1, systemMs: 0, peakKb: 5 };
const COLLECTED = { stdoutBytes: 1, stderrBytes: 0, files: [], missing: [], skipped: [] };
const COMMON: readonly object[] = [
  { ...HEAD, type: 'job.launched', job: '1', attempt: '1.1', host: 'me@lab01:2222' },
  { ...HEAD, type: 'job.started', attempt: '1.1', host: 'lab01', slot: 2, offset: 30 },
  ended({ stdout: true, stderr: false }),
  ended({ stdout: true, stderr: false, stdoutBytes: 12 }),
  ended({ stdout: true, stderr: true, stdoutBytes: 12, stderrBytes: 1 }),
  ended({ stdout: false, stderr: true, stderrBytes: 1 }),
  { ...HEAD, type: 'job.done', job: '1', attempt: '1.1', collected: COLLECTED },
];

function ended(output: object) {
  const outcome = { kind: 'succeeded' };
  const usage = USAGE;
  return { ...HEAD, type: 'job.ended', attempt: '1.1', host: 'lab01', outcome, usage, output, offset: 9 };
}

test('the events of a job that goes well are read', (t) => {
  const common = new CommonEvents();
  for (const event of COMMON) t.deepEqual(read(common, toBody(event)), event);
});

const DOUBTFUL: readonly (readonly [string, string])[] = [
  [
    'a number with a leading zero',
    '{"seq":012,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"h"',
  ],
  [
    'a number too large to be exact',
    '{"seq":9007199254740993,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"h"',
  ],
  [
    'a text with an escape',
    '{"seq":1,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"a\\u0062"',
  ],
  [
    'a text that is not ASCII',
    '{"seq":1,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"ü"',
  ],
  ['one field more', '{"seq":1,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"h","more":1'],
  ['a space between fields', '{"seq":1, "at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"h"'],
  ['a line that is cut short', '{"seq":1,"at":"x","type":"job.launched","job":"1","attempt":"1.1","host":"h'],
];
for (const [title, body] of DOUBTFUL) {
  test(`${title} is left to others`, (t) => {
    t.is(read(new CommonEvents(), Buffer.from(body)), null);
  });
}
