import test from 'ava';
import { splitCommandLine } from '../../../src/spec/arguments/split-command-line.js';

test('the command is everything before the first source, joined by blanks', (t) => {
  t.deepEqual(
    splitCommandLine([
      '--',
      'echo',
      'a b',
      '--',
      ':::',
      'x',
      '-y',
      ':::+',
      '1',
      '::::',
      'f',
      'g',
      '::::+',
      '-',
    ]),
    {
      command: 'echo a b --',
      sources: [
        { kind: 'values', values: ['x', '-y'], linked: false },
        { kind: 'values', values: ['1'], linked: true },
        { kind: 'file', path: 'f', linked: false },
        { kind: 'file', path: 'g', linked: false },
        { kind: 'file', path: '-', linked: true },
      ],
    },
  );
});

test('a command needs no source, and sources need no command', (t) => {
  t.deepEqual(splitCommandLine(['echo hi']), { command: 'echo hi', sources: [] });
  t.is(splitCommandLine([':::', 'ls']).command, '');
  t.deepEqual(splitCommandLine([]), { command: '', sources: [] });
});

test('a first source in step with nothing is refused', (t) => {
  t.throws(() => splitCommandLine(['echo', ':::+', 'a']), {
    code: 'E_USAGE',
    message: /:::\+: there is no source before it/,
  });
});

test('a file source without a file is refused', (t) => {
  t.throws(() => splitCommandLine(['echo', '::::']), {
    code: 'E_USAGE',
    message: /::::: no file follows it/,
  });
});
