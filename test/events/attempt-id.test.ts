import test from 'ava';
import { formatAttemptId, parseAttemptId } from '../../src/events/attempt-id.js';

test('an attempt id says its job and its number', (t) => {
  t.is(formatAttemptId('12', 3), '12.3');
  t.deepEqual(parseAttemptId('12.3'), { job: '12', n: 3 });
});

for (const text of ['', '12', '.3', '12.', '12.x']) {
  test(`"${text}" is no attempt id`, (t) => {
    t.false(Number(parseAttemptId(text).n) > 0);
  });
}
