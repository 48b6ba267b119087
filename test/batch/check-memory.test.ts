import test from 'ava';
import { checkMemory } from '../../src/batch/check-memory.js';

const MIB = 1024 * 1024;

test('a batch that may need more memory than there is is refused, any other is not', (t) => {
  t.notThrows(() => checkMemory(1_000_000, 2048 * MIB));
  t.notThrows(() => checkMemory(50_000, 128 * MIB));
  const error = t.throws(() => checkMemory(100_000, 128 * MIB), { code: 'E_MEMORY' });
  t.regex(error?.message ?? '', /100000 jobs may need 182 MiB of memory, this process may have 128/);
});
