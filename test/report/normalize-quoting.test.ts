import test from 'ava';
import { normalizeQuoting } from '../../src/report/normalize-quoting.js';

const SAME: readonly (readonly [string, string])[] = [
  ["echo 'a b'", 'echo a\\ b'],
  ["echo 'a b'", 'echo "a b"'],
  ["echo 'it'\\''s'", "echo it\\'s"],
  ["echo '$HOME'", 'echo \\$HOME'],
  ["echo '$HOME'", 'echo "\\$HOME"'],
  ["echo 'plain'", 'echo plain'],
  ["echo 'a\nb'", 'echo "a\nb"'],
  ['echo a\\\nb', 'echo ab'],
  ['echo "a\\\nb"', 'echo ab'],
  ["printf '%s' 'x'", "printf %s 'x'"],
];
for (const [one, other] of SAME) {
  test(`${JSON.stringify(one)} is ${JSON.stringify(other)}`, (t) => {
    t.is(normalizeQuoting(one), normalizeQuoting(other));
  });
}

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['echo a b', "echo 'a b'"],
  ['echo $HOME', "echo '$HOME'"],
  ['echo "$HOME"', "echo '$HOME'"],
  ['echo "$HOME"', 'echo $HOME'],
  ['echo *', "echo '*'"],
  ['echo a; b', "echo 'a; b'"],
  ['echo a', 'echo b'],
  ["echo ''", 'echo'],
];
for (const [one, other] of DIFFERENT) {
  test(`${JSON.stringify(one)} is not ${JSON.stringify(other)}`, (t) => {
    t.not(normalizeQuoting(one), normalizeQuoting(other));
  });
}
