import test from 'ava';
import { seededRandom } from '../../src/random.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { pickSeed } from '../helpers/seed.js';

test('timers run in the order of their times, then of their making, and see their own time', (t) => {
  const clock = new ManualClock({ start: 1000 });
  const calls: string[] = [];
  const note = (name: string) => () => calls.push(`${name} ${clock.elapsed()}`);
  clock.after(20, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  clock.after(30, note('late'));
  clock.advance(25);
  t.deepEqual(calls, ['a 10', 'b 10', 'c 20']);
  t.is(clock.elapsed(), 25);
  t.is(clock.now(), 1025);
});

test('a timer made by a timer runs in the same step when it is due', (t) => {
  const clock = new ManualClock();
  let seen = -1;
  clock.after(5, () => clock.after(5, () => (seen = clock.elapsed())));
  clock.advance(10);
  t.is(seen, 10);
});

test('a cancelled timer does not run', (t) => {
  const clock = new ManualClock();
  const cancel = clock.after(5, () => t.fail());
  cancel();
  t.false(clock.advanceToNext());
  clock.advance(10);
  t.pass();
});

test('any number of timers come in order', (t) => {
  const seed = pickSeed();
  t.log(`SEED=${seed}`);
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const seen: number[] = [];
  const cancels = Array.from({ length: 2000 }, () =>
    clock.after(Math.floor(random() * 500), () => seen.push(clock.elapsed())),
  );
  for (const cancel of cancels.filter(() => random() < 0.3)) cancel();
  while (clock.advanceToNext());
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  t.true(seen.length > 1000);
});

test('running until a promise settles lets time pass as far as it takes', async (t) => {
  const clock = new ManualClock();
  const nap = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const work = async () => {
    await nap(1000);
    await nap(2000);
    return clock.elapsed();
  };
  t.is(await clock.runUntil(work()), 3000);
  await t.throwsAsync(clock.runUntil(Promise.reject(new Error('no'))), { message: 'no' });
});
