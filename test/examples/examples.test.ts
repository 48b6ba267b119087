import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../helpers/package-root.js';
import { tempDir } from '../helpers/temp-dir.js';
import { runExample, runNode } from './run-example.js';

test('the Builder example runs its jobs and fetches what they return', async (t) => {
  const directory = await tempDir(t);
  const { code, stdout, stderr } = await runExample('builder/builder.js', directory);
  t.is(code, 0, stderr);
  t.is(
    stdout,
    ['1 dice#1 done', '2 dice#2 done', '3 dice#3 done', '4 sum done', '4 of 4 done', ''].join('\n'),
  );
  t.is(stderr.match(/^LAUNCH /gm)?.length, 4);
  t.is(stderr.match(/^DONE /gm)?.length, 4);
  const throws = [1, 2, 3].map((job) => join(directory, `batches/latest/jobs/${job}/1/throw.txt`));
  t.deepEqual(await Promise.all(throws.map((path) => readFile(path, 'utf8'))), [
    'throw 1\n',
    'throw 2\n',
    'throw 3\n',
  ]);
});

test('the sweep example runs one job for each point that its constraint allows', async (t) => {
  const { code, stdout, stderr } = await runExample('sweep/sweep.js', await tempDir(t));
  t.is(code, 0, stderr);
  t.is(stdout, '3 jobs: range-1-2, range-1-3, range-2-3\ndone 3, error 0\n');
});

test('the YAML example runs as `gpool run batch.yaml`', async (t) => {
  const directory = await tempDir(t);
  const root = packageRoot();
  const batch = join(root, 'examples/yaml-batch/batch.yaml');
  const { code, stdout, stderr } = await runNode([join(root, 'bin/gpool'), 'run', '-k', batch], directory);
  t.is(code, 0, stderr);
  t.is(stdout, 'ada\nada\nada\nada\ngrace\ngrace\ngrace\ngrace\nedsger\nedsger\nedsger\nedsger\n');
  t.is(await readFile(join(directory, 'batches/latest/jobs/2/1/words.txt'), 'utf8'), 'ada\nada\nada\n');
});

test('the demo runs its batch over three embedded hosts and explains the job that fails', async (t) => {
  const { code, stdout, stderr } = await runExample('demo/demo.js', await tempDir(t));
  t.is(code, 0, stderr);
  t.regex(stdout, /exit code 1: one run failed/);
  t.regex(stdout, /too large for depth=8/);
  t.regex(stdout, /jobs\/1\/1\/loss\.csv/);
  t.regex(stderr, /11 done/);
});
