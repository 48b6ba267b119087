import test from 'ava';
import type { ManagerEvent } from '../../src/events/event.js';
import { formatLogLine } from '../../src/manager/log-line.js';
import { anyHost } from '../helpers/any-host.js';
import { LOST } from '../helpers/random-history.js';

const host = 'lab\n01';
const LINES: readonly (readonly [ManagerEvent, string])[] = [
  [{ type: 'host.held', host, reason: 'Ann\u001b needs it' }, 'held: Ann\\e needs it'],
  [{ type: 'host.released', host }, 'released'],
  [{ type: 'host.draining', host, reason: 'repairs' }, 'draining: repairs'],
  [{ type: 'host.drained', host }, 'drained'],
  [{ type: 'host.added', host, description: anyHost(host) }, 'added'],
  [{ type: 'host.removed', host, reason: 'sold' }, 'removed: sold'],
  [{ type: 'host.slowed', host, ratio: 2.5 }, 'slowed: its jobs take 2.5 times as long as elsewhere'],
  [{ type: 'host.recovered', host }, 'recovered'],
  [
    { type: 'host.set-aside', host, fault: LOST, untilMs: Date.UTC(2026, 0, 1) },
    'set-aside until 2026-01-01T00:00:00.000Z: the link is gone (E_CONN_LOST)',
  ],
  [{ type: 'host.readmitted', host }, 'readmitted'],
];

for (const [event, line] of LINES) {
  test(`${event.type} has its line in the log`, (t) => {
    const recorded = { seq: 1, at: '2026-01-01T00:00:00.000Z', ...event };
    t.is(
      formatLogLine(recorded, () => undefined),
      `HOST lab\\n01 ${line}`,
    );
  });
}
