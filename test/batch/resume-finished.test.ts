import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { resumeBatch } from '../../src/batch/resume-batch.js';
import { runBatch } from '../../src/batch/run-batch.js';
import { BatchDirectory } from '../../src/journal/batch-directory.js';
import { parseHosts } from '../../src/spec/inventory/parse-hosts.js';
import { startEmbeddedHosts } from '../../src/testing/index.js';
import { makeSpecs } from '../helpers/make-specs.js';
import { tempDir } from '../helpers/temp-dir.js';

test.serial('a batch that is over is resumed without a connection to any host', async (t) => {
  const cwd = await tempDir(t);
  const pool = await startEmbeddedHosts({ names: ['lab01'] });
  const onLogError = (error: unknown) => t.fail(String(error));
  const first = await runBatch({
    name: 'over',
    specs: makeSpecs(2),
    hosts: parseHosts('1/lab01'),
    options: { configFile: pool.sshConfig },
    cwd,
    out: join(cwd, 'b'),
    onLogError,
  });
  t.is((await first.start()).summary.kind, 'complete');
  await pool.close();
  const again = await resumeBatch({ directory: new BatchDirectory(first.directory), cwd, onLogError });
  const types: string[] = [];
  again.subscribe(({ type }) => types.push(type));
  const { summary } = await again.start();
  t.like(summary, { kind: 'complete', counts: { done: 2 } });
  t.deepEqual(
    types.filter((type) => !type.startsWith('batch.')),
    [],
  );
  t.notRegex(await readFile(join(first.directory, 'journal.jsonl'), 'utf8'), /"host\.(lost|failed)"/);
});
