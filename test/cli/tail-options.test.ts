import test from 'ava';
import { readTailOptions } from '../../src/cli/tail-options.js';
import { SpecError } from '../../src/errors.js';

test('what is not said is left to the Manager', (t) => {
  t.deepEqual(readTailOptions({}), {});
});

test('copies and times are read as numbers', (t) => {
  t.deepEqual(readTailOptions({ copies: '0', lostAfter: '2h', waitLost: '1d' }), {
    copies: 0,
    lostAfterSecs: 7_200,
    waitLostSecs: 86_400,
  });
});

for (const options of [{ copies: 'some' }, { copies: '-1' }, { lostAfter: '0' }, { waitLost: 'soon' }]) {
  test(`${JSON.stringify(options)} is refused`, (t) => {
    t.is(t.throws(() => readTailOptions(options), { instanceOf: SpecError })?.code, 'E_USAGE');
  });
}
