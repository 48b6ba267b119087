import test from 'ava';
import { parseDuration } from '../../src/spec/duration.js';

const spans: [text: string, seconds: number][] = [
  ['90', 90],
  ['0.5', 0.5],
  ['10s', 10],
  ['30m', 1800],
  ['1h 30m', 5400],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['2d', 172_800],
  [' 5 m ', 300],
];

for (const [text, seconds] of spans) {
  test(`${JSON.stringify(text)} is ${seconds} seconds`, (t) => t.is(parseDuration(text), seconds));
}

for (const text of ['', 'soon', '-1', '5x', '1h 30', 'm', '1e3', 'NaN']) {
  test(`${JSON.stringify(text)} is no span of time`, (t) => {
    t.throws(() => parseDuration(text), {
      code: 'E_USAGE',
      message: /is not a span of time .* Write seconds or units/,
    });
  });
}
