import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Deadline } from '../../../../src/network/shell/ssh2/deadline.js';
import { faultOf } from './ssh-hosts.js';

test('a deadline passes when its time is up, and says where', async (t) => {
  const error = await faultOf(t, new Deadline(20, 'me@lab01:22').race(new Promise(() => {})));
  t.is(error.code, 'E_CONN_TIMEOUT');
  t.regex(error.message, /^me@lab01:22: no connection within 0\.02 s/);
});

test('the time that a person takes to answer does not count', async (t) => {
  const deadline = new Deadline(1000, 'me@lab01:22');
  const answer = deadline.hold(sleep(1500, 'pw'));
  t.is(await deadline.race(answer), 'pw');
  t.true(deadline.leftMs > 0);
  deadline.clear();
});

test('two questions at once hold the clock until both are answered', async (t) => {
  const deadline = new Deadline(1000, 'me@lab01:22');
  const [first, second] = [deadline.hold(sleep(10, 1)), deadline.hold(sleep(1500, 2))];
  t.is(await deadline.race(first), 1);
  t.is(await deadline.race(second), 2);
  deadline.clear();
});

test('a deadline that was cleared never passes, even when a question is answered later', async (t) => {
  const deadline = new Deadline(30, 'me@lab01:22');
  const answer = deadline.hold(sleep(60, 'late'));
  deadline.clear();
  t.is(await answer, 'late');
  t.is(await deadline.race(sleep(100, 'still there')), 'still there');
});

test('the time for which this process is stopped does not count', async (t) => {
  const deadline = new Deadline(600, 'me@lab01:22');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  t.is(await deadline.race(sleep(100, 'still there')), 'still there');
  t.true(deadline.leftMs > 0);
  t.is((await faultOf(t, deadline.race(new Promise(() => {})))).code, 'E_CONN_TIMEOUT');
});
