import test from 'ava';
import { describeOutcome, formatLogLine } from '../../src/manager/log-line.js';

test('who was told to end and did not has a line in the log; other ends have none of their own', (t) => {
  const usage = { startedAt: 1, wallMs: 1, userMs: 0, systemMs: 0, peakKb: 0 };
  const news = { type: 'job.ended', attempt: '7.1', host: 'lab', usage, offset: 9, seq: 1, at: '' } as const;
  const ended = {
    ...news,
    outcome: { kind: 'cancelled' },
    output: { stdout: false, stderr: false },
  } as const;
  const survivors = [
    { pid: 41, name: 'cp', state: 'D' },
    { pid: 42, name: 'a\nb', state: 'S' },
  ];
  t.is(
    formatLogLine({ ...ended, survivors }, () => undefined),
    'LEFT lab/7.1 was told to end, but these did not: 41 cp (D), 42 a\\nb (S)',
  );
  t.is(
    formatLogLine(ended, () => undefined),
    null,
  );
});

test('out of memory is told apart from another KILL', (t) => {
  t.is(describeOutcome({ kind: 'killed', signal: 9 }), 'killed by signal 9');
  t.is(describeOutcome({ kind: 'killed', signal: 9, oom: true }), 'killed by signal 9, out of memory');
});
