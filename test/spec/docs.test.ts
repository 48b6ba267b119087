import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readBatchFile } from '../../src/spec/batch-file.js';
import { readInventory } from '../../src/spec/inventory/read-inventory.js';
import { packageRoot } from '../helpers/package-root.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The YAML examples of a page. */
function examplesOf(page: string): string[] {
  const text = readFileSync(join(packageRoot(), 'docs', page), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, example = '']) => example);
}

test('the inventory in docs/hosts.md is a good one', async (t) => {
  const path = join(await tempDir(t), 'hosts.yaml');
  const [example = ''] = examplesOf('hosts.md');
  await writeFile(path, example);
  const { hosts, groups } = await readInventory(path);
  t.is(hosts.length, 16 + 4 + 2 + 1);
  t.is(groups.rest?.length, hosts.length - 5);
});

test('the batch files in docs/sweeps.md are good ones', async (t) => {
  const path = join(await tempDir(t), 'batch.yaml');
  const counts: number[] = [];
  for (const example of examplesOf('sweeps.md')) {
    await writeFile(path, example);
    counts.push((await readBatchFile(path)).specs.length);
  }
  t.deepEqual(counts, [2 * 3 * 2 - 2 + 1, 1 + 5 + 3]);
});

test('the batch file in docs/retries.md is a good one', async (t) => {
  const path = join(await tempDir(t), 'batch.yaml');
  await writeFile(path, examplesOf('retries.md').join(''));
  const { specs, halt } = await readBatchFile(path);
  t.is(specs.length, 4);
  t.is(halt, 'soon,fail=10%');
  t.deepEqual(specs[0]?.retry, { retries: 2, retryOn: [75, 'signal'], neverRetry: [2], retryDelaySecs: 10 });
  t.deepEqual(specs[0]?.limits, { timeoutSecs: 7200, warn: { signal: 'USR1', secs: 60 } });
});
