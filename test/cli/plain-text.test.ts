import test from 'ava';
import { OutputText } from '../../src/cli/output-text.js';
import { toPlainLine, toPlainText } from '../../src/cli/plain-text.js';
import { seededRandom } from '../../src/random.js';

const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const SEEDS = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://x\u001b\\x',
  '\rover',
  '\u009b31m',
  '\u0090x\u009c',
  '\u202egpj.exe',
  '\u2066x\u2069',
  '\u0000',
  '\u007f',
  '\u0008\u0008',
  '\u000c',
  '\u000b',
  '\u001bc',
  '\u001b(0',
  '\u001b[6n',
  '\u0085',
];

test('300 payloads of control sequences reach a terminal as text only', (t) => {
  const seed = 20_261;
  const random = seededRandom(seed);
  t.log(`seed ${seed}`);
  const pick = (): string => SEEDS[Math.floor(random() * SEEDS.length)] ?? '';
  for (let n = 0; n < 300; n += 1) {
    const payload = `a${pick()}b\n${pick()}\tü${pick()}`;
    t.notRegex(toPlainText(payload), DANGEROUS);
    t.notRegex(toPlainLine(payload), DANGEROUS);
    t.false(toPlainLine(payload).includes('\n'));
    t.notRegex(throughOutput(Buffer.from(payload), Math.floor(random() * payload.length)), DANGEROUS);
  }
});

test('bytes that are no text are harmless on a terminal too', (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  t.notRegex(throughOutput(bytes, 100), DANGEROUS);
});

test('into a pipe every byte goes as it is, with and without a tag', (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const bare = new OutputText({ tag: '', plain: false });
  t.deepEqual(Buffer.concat([bare.push(bytes), bare.end()]), bytes);
  const tagged = new OutputText({ tag: 'ü\t', plain: false });
  const text = Buffer.concat([tagged.push(bytes), tagged.end()]);
  t.deepEqual(
    text,
    Buffer.concat([Buffer.from('ü\t'), bytes.subarray(0, 11), Buffer.from('ü\t'), bytes.subarray(11)]),
  );
});

test('a line that comes in pieces has one tag', (t) => {
  const text = new OutputText({ tag: 'x\t', plain: true });
  const pieces = ['a', 'b\nc', '\n', 'd'].map((piece) => text.push(Buffer.from(piece)).toString());
  t.is(pieces.join('') + text.end().toString(), 'x\tab\nx\tc\nx\td\n');
});

function throughOutput(bytes: Buffer, cut: number): string {
  const text = new OutputText({ tag: '', plain: true });
  return Buffer.concat([
    text.push(bytes.subarray(0, cut)),
    text.push(bytes.subarray(cut)),
    text.end(),
  ]).toString();
}
