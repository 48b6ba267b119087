import { Writable } from 'node:stream';
import test from 'ava';
import type { BatchProgress } from '../../src/batch/batch-progress.js';
import { renderLiveView, renderProgressLine } from '../../src/cli/live-view.js';
import { createPaint } from '../../src/cli/paint.js';
import { Screen } from '../../src/cli/screen.js';

const PROGRESS: BatchProgress = {
  name: 'sweep',
  total: 10,
  counts: { free: 3, busy: 2, done: 4, unknown: 0, error: 1 },
  running: 2,
  waiting: 3,
  paused: 0,
  elapsedMs: 12_000,
  etaMs: 61_000,
  hosts: Array.from({ length: 40 }, (_, at) => ({
    name: `lab${at + 1}`,
    state: at === 39 ? ('unreachable' as const) : ('up' as const),
    running: 1,
    slots: 2,
    done: at,
    failed: 0,
    note: at === 39 ? 'unreachable: no answer\u001b (E_DEADLINE)' : null,
  })),
  lastFailure: 'job\u001b[2J 7 on lab3: exit code 5',
  stopping: null,
};

test('the live view fits any width, and shows bar, counts, hosts in columns and the last failure', (t) => {
  for (const width of [20, 40, 80, 200]) {
    const lines = renderLiveView(PROGRESS, width, createPaint(false));
    t.true(lines.length <= 14, `${lines.length} lines at ${width}`);
    t.regex(lines[0] ?? '', /sweep ━+/);
    t.regex(lines[1] ?? '', /4 done · 1 failed · 2 running · 3 waiting · 12s, about 1m01s left/);
    t.regex(lines[2] ?? '', /lab40 unreachable/, 'a host in trouble comes first');
    t.true(
      lines.some((line) => line.startsWith('  ! lab40')),
      'and says why',
    );
    t.false(lines.join().includes('\u001b'));
  }
  t.regex(renderLiveView(PROGRESS, 80, createPaint(false)).join('\n'), /\\x1b\[2J 7 on lab3: exit code 5/);
});

test('without a terminal one line tells the same counts', (t) => {
  t.is(
    renderProgressLine(PROGRESS),
    'gpool: 5 of 10: 4 done, 1 failed, 2 running, 3 waiting, 12s, about 1m01s left',
  );
});

test('when nothing runs the line tells what is wrong with the hosts', (t) => {
  t.is(
    renderProgressLine({ ...PROGRESS, running: 0 }),
    'gpool: 5 of 10: 4 done, 1 failed, 0 running, 3 waiting, 12s, about 1m01s left; lab40 unreachable: no answer\\x1b (E_DEADLINE)',
  );
});

test('the screen is redrawn in place, cut to its width, and taken away whole', (t) => {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const screen = new Screen(Object.assign(sink, { columns: 20, rows: 10 }));
  screen.draw(['short', 'x'.repeat(50)]);
  t.is(text, `short\u001b[K\n${'x'.repeat(18)}…\u001b[K\n\u001b[J`);
  text = '';
  screen.draw(['one']);
  t.true(text.startsWith('\r\u001b[2A'));
  text = '';
  screen.clear();
  t.is(text, '\r\u001b[1A\u001b[J');
  screen.clear();
  t.is(text, '\r\u001b[1A\u001b[J');
});
