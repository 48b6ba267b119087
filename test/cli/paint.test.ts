import test from 'ava';
import { wantsColor } from '../../src/cli/paint.js';

test('colour goes by flag, NO_COLOR, CLICOLOR_FORCE, CLICOLOR, terminal, in this order', (t) => {
  const all = { NO_COLOR: '1', CLICOLOR_FORCE: '1', CLICOLOR: '0' };
  t.true(wantsColor('always', all, false));
  t.false(wantsColor('never', { CLICOLOR_FORCE: '1' }, true));
  t.false(wantsColor('auto', all, true));
  t.true(wantsColor('auto', { CLICOLOR_FORCE: '1', CLICOLOR: '0' }, false));
  t.false(wantsColor('auto', { CLICOLOR: '0' }, true));
  t.true(wantsColor('auto', {}, true));
  t.false(wantsColor('auto', {}, false));
  t.false(wantsColor('auto', { TERM: 'dumb' }, true));
});
