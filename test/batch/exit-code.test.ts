import test from 'ava';
import { batchExitCode } from '../../src/batch/exit-code.js';

const NONE = { free: 0, busy: 0, done: 3, unknown: 0, error: 0 };

test('the exit code tells how a batch ended', (t) => {
  const plain = { noHost: false, halted: false, signal: null };
  t.is(batchExitCode({ ...plain, counts: NONE }), 0);
  t.is(batchExitCode({ ...plain, counts: { ...NONE, error: 1 } }), 1);
  t.is(batchExitCode({ ...plain, counts: { ...NONE, free: 1 }, noHost: true }), 4);
  t.is(batchExitCode({ ...plain, counts: { ...NONE, free: 1, error: 1 }, halted: true }), 5);
  t.is(batchExitCode({ ...plain, counts: { ...NONE, unknown: 1, error: 1 } }), 6);
  t.is(batchExitCode({ ...plain, counts: NONE, noHost: false, signal: 'SIGINT' }), 130);
  t.is(batchExitCode({ ...plain, counts: NONE, noHost: true, signal: 'SIGTERM' }), 143);
  t.is(batchExitCode({ ...plain, counts: NONE, noHost: false, signal: 'SIGHUP' }), 129);
});
