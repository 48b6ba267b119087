import test from 'ava';
import { type FileEntry, formatLayout } from '../../../../src/network/direct/staging/layout.js';

const blob = { sha256: 'a'.repeat(64), size: 1, source: '/x', version: '1' };
const file = (path: string, mode: number): FileEntry => ({
  kind: 'f',
  path,
  mode,
  blob,
  mtime: '0.000000',
  shared: false,
});

test('a layout has three digits for every mode, and one order', (t) => {
  const lines = formatLayout([file('b', 0o44), file('a', 0o755), { kind: 'd', path: 'c', mode: 0o7 }]).split(
    '\n',
  );
  t.deepEqual(lines, [`f\t755\t${blob.sha256}\ta`, `f\t044\t${blob.sha256}\tb`, 'd\t007\tc', '']);
});
