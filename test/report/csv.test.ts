import test from 'ava';
import { type CsvValue, formatCsv } from '../../src/report/csv.js';

test('rows end with CRLF, cells are separated by commas', (t) => {
  t.is(
    formatCsv([
      ['job', 'wall'],
      ['sim', 1.5],
    ]),
    'job,wall\r\nsim,1.5\r\n',
  );
});

const CELLS: readonly (readonly [CsvValue, string])[] = [
  ['plain', 'plain'],
  ['', ''],
  [null, ''],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  [-5, '-5'],
  ['-5', "'-5"],
  ['=1+1', "'=1+1"],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['+cmd|x', "'+cmd|x"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', '"\'\t=1"'],
  ['\r=1', '"\'\r=1"'],
  ['\0=1', "'\0=1"],
  ['a=1', 'a=1'],
];
for (const [value, cell] of CELLS) {
  test(`${JSON.stringify(value)} is written as ${JSON.stringify(cell)}`, (t) => {
    t.is(formatCsv([[value]]), `${cell}\r\n`);
  });
}
