import test from 'ava';
import { bytesOfText, holdsBytes, textOfBytes } from '../src/bytes.js';

const CASES: Readonly<Record<string, readonly number[]>> = {
  'a Latin-1 letter': [0x63, 0x61, 0x66, 0xe9],
  'every byte that is never UTF-8': [0xc0, 0xc1, 0xf5, 0xfe, 0xff],
  'a cut sequence at the end': [0x61, 0xe2, 0x82],
  'a cut sequence before a letter': [0xe2, 0x82, 0x61],
  'an overlong slash': [0xc0, 0xaf],
  'a surrogate as CESU-8 writes it': [0xed, 0xb2, 0x80],
  'a character beyond U+FFFF beside a bad byte': [0xf0, 0x9f, 0x98, 0x80, 0xe9, 0xf0, 0x9f, 0x98, 0x80],
  'bad bytes on both sides of a letter': [0xe9, 0xc3, 0xa9, 0xe9],
  'the character U+FFFD itself': [0xef, 0xbf, 0xbd],
  nothing: [],
};

for (const [what, bytes] of Object.entries(CASES)) {
  test(`text gives back the bytes of ${what}, also through JSON`, (t) => {
    const buffer = Buffer.from(bytes);
    const text = textOfBytes(buffer);
    t.deepEqual(bytesOfText(text), buffer);
    t.deepEqual(bytesOfText(JSON.parse(Buffer.from(JSON.stringify(text)).toString())), buffer);
    t.is(holdsBytes(text), !Buffer.from(buffer.toString('utf8')).equals(buffer));
  });
}

test('random bytes come back, and text that is UTF-8 is as Node reads it', (t) => {
  let seed = 7;
  for (let round = 0; round < 2000; round += 1) {
    const bytes = Buffer.from(
      Array.from({ length: round % 23 }, () => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return (seed >> 8) & 255;
      }),
    );
    t.deepEqual(bytesOfText(textOfBytes(bytes)), bytes);
  }
  t.is(textOfBytes(Buffer.from('häß😀')), 'häß😀');
});
