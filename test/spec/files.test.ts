import test from 'ava';
import { parseInputFile, parseReturnFile } from '../../src/spec/files.js';

const inputs: [text: string, source: string, target: string][] = [
  ['data.csv', 'data.csv', 'data.csv'],
  ['dir/data.csv', 'dir/data.csv', 'dir/data.csv'],
  ['./dir//data.csv', './dir//data.csv', 'dir/data.csv'],
  ['tree/', 'tree/', 'tree'],
  ['/abs/data.csv', '/abs/data.csv', 'data.csv'],
  ['../up/data.csv', '../up/data.csv', 'data.csv'],
  ['data.csv:in.csv', 'data.csv', 'in.csv'],
  ['data.csv:sub/in.csv', 'data.csv', 'sub/in.csv'],
  ['tree/:other/', 'tree/', 'other'],
  ['10\\:30.log', '10:30.log', '10:30.log'],
  ['10\\:30.log:log', '10:30.log', 'log'],
  ['a:10:30.log', 'a', '10:30.log'],
  ['back\\slash', 'back\\slash', 'back\\slash'],
  ['back\\\\:x', 'back\\', 'x'],
  ['with blank', 'with blank', 'with blank'],
  ['-dash', '-dash', '-dash'],
  ['new\nline', 'new\nline', 'new\nline'],
];

for (const [text, source, target] of inputs) {
  test(`${JSON.stringify(text)} is ${JSON.stringify(source)} sent as ${JSON.stringify(target)}`, (t) => {
    t.deepEqual(parseInputFile(text), { source, target });
  });
}

const returns: [text: string, pattern: string, optional: boolean][] = [
  ['out.csv', 'out.csv', false],
  ['./out.csv', 'out.csv', false],
  ['*.log?', '*.log', true],
  ['out??', 'out?', true],
  ['out[?]', 'out[?]', false],
  ['out/**', 'out/**', false],
];

for (const [text, pattern, optional] of returns) {
  test(`the return ${text} is ${pattern}, ${optional ? 'optional' : 'required'}`, (t) => {
    t.deepEqual(parseReturnFile(text), { pattern, optional });
  });
}
