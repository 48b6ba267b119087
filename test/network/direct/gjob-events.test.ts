import test from 'ava';
import { GpoolError } from '../../../src/errors.js';
import { escapeField, unescapeField } from '../../../src/network/direct/escape.js';
import { parseEventLine } from '../../../src/network/direct/gjob-events.js';
import { RequestSender, runRequest, simpleRequest } from '../../../src/network/direct/gjob-requests.js';
import { LineReader } from '../../../src/network/direct/line-reader.js';
import { toNetworkEvent } from '../../../src/network/direct/network-events.js';
import { seededRandom } from '../../../src/random.js';
import { pickSeed } from '../../helpers/seed.js';
import { makeAttempt } from './pool.js';

const ENDED = 'X\t12.3\t2\tcode\t7\t1700000000000\t1500\t20\t10\t640\t1\t0';

test('every kind of line is read', (t) => {
  const read = (line: string) => parseEventLine(line, 'h');
  t.deepEqual(read('V\t1\t99\tb00t-id'), { kind: 'agent', pid: 99, bootId: 'b00t-id' });
  t.deepEqual(read('B\tab.1'), { kind: 'ack', token: 'ab.1' });
  t.deepEqual(read('S\t12.3\t2\t99\t1700'), { kind: 'started', attempt: '12.3', slot: 2, startedMs: 1700 });
  t.deepEqual(read('E\t1.1\tdisk\tno\\nspace'), {
    kind: 'refused',
    attempt: '1.1',
    word: 'disk',
    text: 'no\nspace',
  });
  t.deepEqual(read('P\t1.1\t0'), { kind: 'paused', attempt: '1.1', paused: false });
  t.deepEqual(read('D\tkill\tj1.1\tno sense'), {
    kind: 'dropped',
    verb: 'kill',
    attempt: 'j1.1',
    text: 'no sense',
  });
  t.deepEqual(read('Q'), { kind: 'quit' });
  t.is(read('Z\t1'), null, 'the letter of a later helper');
  t.like(read(ENDED), { kind: 'ended', how: 'code', number: 7, peakKb: 640, stdout: true, stderr: false });
});

test('what a job printed comes with its ending, as words that a reader may not know', (t) => {
  const read = (words: string) => parseEventLine(`${ENDED}\t${words}`, 'h');
  const sizes = { stdout: 12, stderr: 0 };
  t.like(read('out=12\terr=0\tbroken=-'), { sizes, broken: null, survivors: [] });
  t.like(read('out=12\terr=0\tbroken=nospace'), { sizes, broken: 'nospace' });
  t.like(read('41:sh:D\tout=12\terr=0\tbroken=-\tmore=a/b'), { sizes, survivors: [{ pid: 41 }] });
  t.like(parseEventLine(ENDED, 'h'), { sizes: null, broken: null });
  for (const torn of ['out=12', 'out=12\terr=0', 'out=12\terr=0\tbroken=']) t.is(read(torn), null, torn);
  for (const wrong of ['out=x\terr=0\tbroken=-', 'out=1\terr=-1\tbroken=-', 'out=1\terr=0\tbroken=$(true)'])
    t.throws(() => read(wrong), { code: 'E_PROTOCOL' }, wrong);
});

test('output that could not be kept is the fault of the host, however the job ended, unless it was told to', (t) => {
  const news = (how: string, words: string) => {
    const event = parseEventLine(`${ENDED.replace('code\t7', how)}\t${words}`, 'h');
    return event && toNetworkEvent(event, 'h', 5);
  };
  const full = 'out=12\terr=0\tbroken=nospace';
  const lost = { kind: 'lost', fault: { code: 'E_REMOTE_DISK', domain: 'host' } };
  for (const how of ['code\t0', 'code\t1', 'signal\t9', 'timeout\t15', 'oom\t9'])
    t.like(news(how, full), { outcome: lost, output: { stdout: true, stdoutBytes: 12 } }, how);
  t.like(news('code\t0', full.replace('nospace', 'collector')), {
    outcome: { kind: 'lost', fault: { code: 'E_SUPERVISOR' } },
  });
  t.like(news('cancelled\t15', full), { outcome: { kind: 'cancelled' } });
  t.like(news('code\t0', 'out=12\terr=0\tbroken=-'), { outcome: { kind: 'succeeded' } });
});

test('an ending becomes the outcome that the exit record names', (t) => {
  const outcome = (line: string) => {
    const event = parseEventLine(line, 'h');
    const news = event && toNetworkEvent(event, 'h', 5);
    return news?.type === 'job.ended' ? news.outcome : null;
  };
  const ended = (how: string, number: number) => outcome(ENDED.replace('code\t7', `${how}\t${number}`));
  t.deepEqual(ended('code', 0), { kind: 'succeeded' });
  t.deepEqual(ended('code', 255), { kind: 'failed', code: 255 });
  t.deepEqual(ended('signal', 9), { kind: 'killed', signal: 9 });
  t.deepEqual(ended('timeout', 15), { kind: 'timed-out' });
  t.deepEqual(ended('cancelled', 0), { kind: 'cancelled' });
  t.deepEqual(ended('recalled', 0), { kind: 'recalled' });
  t.deepEqual(ended('oom', 137), { kind: 'killed', signal: 9, oom: true });
  t.like(outcome('L\t1.1\treboot\tthe host went down'), {
    kind: 'lost',
    fault: { code: 'E_REBOOTED', domain: 'host' },
  });
  t.like(outcome('L\t1.1\tsupervisor\tkilled'), { kind: 'lost', fault: { code: 'E_SUPERVISOR' } });
  t.like(outcome('E\t1.1\tfork\tno process'), { kind: 'lost', fault: { code: 'E_START', domain: 'job' } });
});

test('who was told to end and did not is named, as far as the line was written', (t) => {
  const survivors = (field: string) => {
    const event = parseEventLine(`${ENDED.replace('code\t7', 'cancelled\t9')}\t${field}`, 'h');
    const news = event && toNetworkEvent(event, 'h', 5);
    return news?.type === 'job.ended' ? news.survivors : null;
  };
  const first = { pid: 41, name: 'nfs-wait', state: 'D' };
  t.deepEqual(survivors('41:nfs-wait:D,7:sh:S'), [first, { pid: 7, name: 'sh', state: 'S' }]);
  t.deepEqual(survivors('41:nfs-wait:D,7:s'), [first]);
  t.is(survivors('4'), undefined);
  for (const wrong of ['41:\x1b:D', '$(true)', '41:a b:D', 'x'.repeat(5000)])
    t.throws(() => survivors(wrong), { code: 'E_PROTOCOL' });
});

test('a torn line means nothing; a wrong one is refused', (t) => {
  for (let length = 0; length < ENDED.length; length += 1) {
    const line = ENDED.slice(0, length);
    if (line.split('\t').length < 12 || line.endsWith('\t')) t.is(parseEventLine(line, 'h'), null, line);
  }
  const wrong = [
    'z\t1',
    'constructor',
    '__proto__\t1',
    'Q\t1',
    'B\ta b',
    'V\t2\t1\tx',
    `${ENDED}\t1:a:D\t1`,
    ENDED.replace('12.3', '12'),
  ];
  const more = [
    ENDED.replace('code', 'kode'),
    ENDED.replace('\t7\t', '\t256\t'),
    ENDED.replace('\t7\t', '\t-1\t'),
    'S\t0.1\t1\t2\t3',
    'S\t1.1\t1\t2\t3e5',
  ];
  for (const line of [...wrong, ...more])
    t.throws(() => parseEventLine(line, 'h'), { code: 'E_PROTOCOL' }, line);
});

test('100 000 mutilated lines give an event, nothing, or E_PROTOCOL', (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const pick = (below: number) => Math.floor(random() * below);
  const lines = [ENDED, 'S\t12.3\t2\t99\t1700', 'E\t1.1\tdisk\tno\\nspace', 'V\t1\t99\tb00t', 'P\t1.1\t1'];
  for (let round = 0; round < 100_000; round += 1) {
    const line = [...(lines[pick(lines.length)] ?? '')];
    for (let change = pick(4); change >= 0; change -= 1) {
      line.splice(pick(line.length), pick(3), String.fromCharCode(pick(300)));
    }
    try {
      parseEventLine(line.join(''), 'h');
    } catch (error) {
      if (!(error instanceof GpoolError && error.code === 'E_PROTOCOL')) throw error;
    }
  }
  t.pass();
});

test('10 000 random texts survive the escaping', (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const alphabet = ['\\', '\n', '\t', '\r', 'n', 't', 'r', '0', 'x', ' ', '%', '漢', "'", '$('];
  for (let round = 0; round < 10_000; round += 1) {
    const text = Array.from(
      { length: Math.floor(random() * 12) },
      () => alphabet[Math.floor(random() * alphabet.length)],
    ).join('');
    const escaped = escapeField(text);
    t.false(/[\n\t\r]/.test(escaped));
    if (unescapeField(escaped, 'h') !== text) t.fail(JSON.stringify(text));
  }
});

test('lines are counted in bytes, however they are cut into chunks', (t) => {
  const bytes = Buffer.from('ä\tb\n\nlong line\nrest');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const reader = new LineReader('h', 100);
    const lines: [string, number][] = [];
    const take = (line: string) => lines.push([line, reader.offset]);
    reader.push(bytes.subarray(0, cut), take);
    reader.push(bytes.subarray(cut), take);
    t.deepEqual(lines, [
      ['ä\tb', 105],
      ['', 106],
      ['long line', 116],
    ]);
  }
  t.throws(() => new LineReader('h', 0, 10).push(Buffer.alloc(11, 'x'), () => {}), { code: 'E_PROTOCOL' });
});

test('requests of one turn travel as one frame and are fulfilled by its token alone', async (t) => {
  const frames: string[] = [];
  const sender = new RequestSender('p', (frame) => frames.push(frame));
  const both = Promise.all([sender.send('kill\t1.1'), sender.send('pause\tä')]);
  await new Promise((resolve) => setImmediate(resolve));
  const body = 'kill\t1.1\npause\tä\nack\tp.1\n';
  t.deepEqual(frames, [`${Buffer.byteLength(body)}\n${body}`]);
  sender.acknowledge('other.1');
  t.is(sender.oldest, 'p.1');
  sender.acknowledge('p.1');
  await both;
  t.is(sender.oldest, null);
});

test('a run request is one line whatever the script and the variables hold', (t) => {
  const attempt = makeAttempt('1.2', { commands: ['a\tb', 'c\\n'], env: { X: '1\n2' } }, 'lab');
  const line = runRequest(attempt, null);
  t.is(line, 'run\t1.2\t0\t-\ta\\tb\\nc\\\\n\\n\tGPOOL_HOST=lab\tGPOOL_JOB=1\tGPOOL_ATTEMPT=2\tX=1\\n2');
  const limited = { commands: [':'], limits: { timeoutSecs: 59.5, warn: { signal: 'USR1', secs: 10 } } };
  t.regex(runRequest(makeAttempt('1.1', limited, 'lab'), null), /^run\t1\.1\t60:USR1:10\t-\t:\\n/);
  t.throws(() => runRequest(makeAttempt('1.1', { commands: ['a\0'] }, 'lab'), null), { code: 'E_SPEC' });
});

test('a request that the agent drops is refused, and no other of its frame', async (t) => {
  const sender = new RequestSender('p', () => {});
  const good = sender.send('kill\t1.1');
  const bad = sender.send('kill\tj1.1');
  const garbled = sender.send('frob \t1.1\tx');
  await new Promise((resolve) => setImmediate(resolve));
  sender.drop({ verb: 'kill', attempt: 'j1.1', text: 'no sense' }, 'h');
  sender.drop({ verb: 'frob?', attempt: '1.1', text: 'no sense' }, 'h');
  sender.acknowledge('p.1');
  await t.notThrowsAsync(good);
  await t.throwsAsync(bad, { code: 'E_PROTOCOL' });
  await t.throwsAsync(garbled, { code: 'E_PROTOCOL' });
});

test('an attempt id that the helper would not take is refused before it is sent', (t) => {
  const attempt = makeAttempt('1.1', {}, 'h');
  const wrong = [
    'j1.1',
    '1',
    '1.',
    '.1',
    '0.1',
    '1.0',
    '1.1.1',
    '01.1',
    '1.1\n2.1',
    '../x.1',
    `${'9'.repeat(15)}.1`,
  ];
  for (const id of wrong) {
    t.throws(() => runRequest({ ...attempt, id }, null), { code: 'E_SPEC', message: /attempt id/ }, id);
    t.throws(() => simpleRequest('kill', { ...attempt, id }), { code: 'E_SPEC', message: /attempt id/ }, id);
  }
  t.notThrows(() => runRequest({ ...attempt, id: '12345678901234.1' }, null));
});
